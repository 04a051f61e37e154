"""``leukosim parameters``, ``vocabulary`` and ``odd``: pages made from the code."""

from pathlib import Path

from leukosim.cli.arguments import parse
from leukosim.reports.reference import odd_page, parameter_page, vocabulary_page
from leukosim.results.atomic_write import save_text
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
    refuse_foreign([Path(options.markdown)])
    save_text(page, Path(options.markdown))
    return 0
