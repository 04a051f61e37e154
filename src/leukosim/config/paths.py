"""Where the package's own files lie."""

from importlib.resources import files
from pathlib import Path


def config_folder() -> Path:
    """The YAML files: inside an installed package, or beside a checkout's ``src``."""
    installed = Path(str(files("leukosim"))) / "configs"
    return installed if installed.is_dir() else installed.parents[2] / "configs"
