"""The layout is a contract: each layer imports only the ones below it."""

import shutil
import subprocess
import sys

import pytest

from leukosim.store import ONLY_SHOWN

LINT = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"


@pytest.fixture
def copy(request, tmp_path):
    """The contract and the package, to be changed."""
    root = request.config.rootpath
    if not (root / "pyproject.toml").exists():
        pytest.skip("needs a checkout")
    pytest.importorskip("importlinter")
    shutil.copy(root / "pyproject.toml", tmp_path)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(root / "src" / "leukosim", tmp_path / "leukosim", ignore=ignored)
    return tmp_path


def contract(folder):
    """What the import linter says of a folder."""
    program = f"import sys; sys.path.insert(0, {str(folder)!r}); {LINT}"
    command = [sys.executable, "-c", program, "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_the_package_keeps_its_contract(copy):
    done = contract(copy)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("biology/disease.py", "from leukosim.cohort import Cohort"),
        ("kernels.py", "import scipy.optimize"),
        ("marrow.py", "import omegaconf"),
    ],
)
def test_a_planted_import_breaks_it(copy, module, line):
    with (copy / "leukosim" / module).open("a") as file:
        file.write(f"\n{line}\n")
    done = contract(copy)
    assert done.returncode != 0
    assert "BROKEN" in done.stdout


def test_what_is_said_to_be_only_shown_makes_no_number():
    """Nothing that a sweep imports may change without its results being made anew."""
    program = (
        "import sys; import leukosim.sweep, leukosim.operations\n"
        "print(*(name.split('.')[1] for name in sys.modules if name.startswith('leukosim.')))"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert {*done.stdout.split()} & {*ONLY_SHOWN} <= {"files"}
