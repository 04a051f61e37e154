"""Options of verbs, whose errors are sentences like all others."""

import argparse
from typing import NoReturn

from leukosim.errors import ConfigError

HIGHEST_SEED = 2**32 - 1


class Arguments(argparse.ArgumentParser):
    """A parser that raises :class:`ConfigError` where argparse would print its usage."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong.

        Raises
        ------
        ConfigError
        """
        raise ConfigError(f"{self.prog.removeprefix('leukosim ')}: {message}")


def seed(text: str) -> int:
    """A seed, as an argument of an option."""
    if not (text.isascii() and text.isdigit() and int(text[:20]) <= HIGHEST_SEED):
        raise argparse.ArgumentTypeError(
            f"seed = {text} is not allowed: it is a whole number, from 0 to {HIGHEST_SEED}"
        )
    return int(text)
