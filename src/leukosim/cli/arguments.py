"""The words after a verb, parsed by argparse; what is wrong in one sentence."""

import argparse
from functools import partial
from typing import Any, NoReturn

from leukosim.cli.verbs import VERBS, Option, Verb
from leukosim.errors import ConfigError, unknown

HELP = ("--help", "-h")
POSITIONAL = "words"
MOST = 2**63 - 1


class Parser(argparse.ArgumentParser):
    """A parser that raises :class:`ConfigError` where argparse would print its usage and exit."""

    def error(self, message: str) -> NoReturn:
        """Raise what argparse complains of."""
        raise ConfigError(f"{self.prog}: {message.removeprefix('argument ')}")


def parse(verb: str, words: list[str]) -> argparse.Namespace:
    """The options of a verb by name, and as ``words`` its positional words and fields.

    Raises
    ------
    ConfigError
        For an unknown option (with the nearest known one), a missing value or too many words.
    """
    options, rest = parser_of(verb).parse_known_intermixed_args(words)
    for word in rest:
        if word.startswith("-") and word != "-":
            raise no_option(verb, word)
    options.words = [*options.words, *rest]
    check_number(verb, options.words)
    return options


def no_option(verb: str, word: str) -> ConfigError:
    """The error for an option that a verb does not have."""
    name = word.partition("=")[0]
    near = unknown(name, option_names(VERBS[verb]), f"option of {verb}")
    if VERBS[verb].fields and "did you mean" not in str(near):
        return ConfigError(
            f"{name} is not a known option of {verb}: fields are written field=value, without "
            f"dashes; leukosim {verb} --help lists them"
        )
    return near


def parser_of(verb: str) -> Parser:
    """The parser of a verb's options; all other words are kept in their order."""
    parser = Parser(prog=verb, add_help=False, allow_abbrev=False)
    for option in named_options(VERBS[verb]):
        how: dict[str, Any] = dict(default=option.default, help=option.meaning)
        if option.kind is bool:
            how["action"] = "store_true"
        else:
            how["type"] = partial(whole, option) if option.kind is int else option.kind
        parser.add_argument(option.name, **how)
    parser.add_argument(POSITIONAL, nargs="*")
    return parser


def whole(option: Option, word: str) -> int:
    """A whole number within what an option allows."""
    low, high = option.allowed or (0, MOST)
    if not (word.isascii() and word.isdigit() and low <= int(word[:20]) <= high):
        name = option.name.lstrip("-")
        raise argparse.ArgumentTypeError(
            f"{name} = {word} is not allowed: it is a whole number, allowed from {low} to {high}"
        )
    return int(word)


def check_number(verb: str, words: list[str]) -> None:
    """Raise :class:`ConfigError` for more words than the verb takes."""
    declared = VERBS[verb]
    if declared.fields:
        return  # words with results and fields are checked where they are read
    expected = [each for each in declared.options if not each.name.startswith("-")]
    if any(each.count == "*" for each in expected) or len(words) <= len(expected):
        return
    takes = declared.usage or "nothing"
    raise ConfigError(f"{verb} takes {takes}, and {words[len(expected)]} was given")


def named_options(verb: Verb) -> list[Option]:
    """The options of a verb that begin with dashes."""
    return [each for each in verb.options if each.name.startswith("-")]


def option_names(verb: Verb) -> list[str]:
    """The names of the options of a verb, that of its help included."""
    return [*(each.name for each in named_options(verb)), "--help"]


def asks_for_help(words: list[str]) -> bool:
    """Whether the words after a verb ask for its help."""
    return any(word in HELP for word in words)
