"""``leukosim parameters``, ``vocabulary`` and ``odd``: pages made from the code."""

from pathlib import Path

from leukosim.errors import ConfigError
from leukosim.reports.reference import odd_page, parameter_page, vocabulary_page
from leukosim.results.atomic_write import save_text
from leukosim.results.output_folder import prepare_folder


def parameters(words: list[str]) -> int:
    """``leukosim parameters``."""
    return show_page(words, "parameters", parameter_page())


def vocabulary(words: list[str]) -> int:
    """``leukosim vocabulary``."""
    return show_page(words, "vocabulary", vocabulary_page())


def odd(words: list[str]) -> int:
    """``leukosim odd``."""
    return show_page(words, "odd", odd_page())


def show_page(words: list[str], verb: str, page: str) -> int:
    """Print a page, or write it to a file."""
    if not words:
        print(page, end="")
        return 0
    if len(words) != 2 or words[0] != "--markdown":
        raise ConfigError(f"{verb} takes nothing, or --markdown FILE")
    path = Path(words[1])
    if not words[1].strip() or path.is_dir():
        raise ConfigError(f"{verb} --markdown = {words[1]!r} is not the name of a file")
    prepare_folder(path.parent)
    save_text(page, path)
    return 0
