"""``leukosim parameters``, ``vocabulary`` and ``odd``: pages made from the code."""

from pathlib import Path

from leukosim.cli.arguments import parse
from leukosim.errors import ConfigError
from leukosim.reports.reference import odd_page, parameter_page, vocabulary_page
from leukosim.results.atomic_write import save_text
from leukosim.results.output_folder import prepare_folder
from leukosim.results.own_files import refuse_foreign


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
    options = parse(verb, words)
    if options.markdown is None:
        print(page, end="")
        return 0
    path = Path(options.markdown)
    if not options.markdown.strip() or path.is_dir():
        raise ConfigError(f"{verb} --markdown = {options.markdown!r} is not the name of a file")
    refuse_foreign([path])
    prepare_folder(path.parent)
    save_text(page, path)
    return 0
