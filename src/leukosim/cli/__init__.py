"""The command line: verbs, help, and errors as one sentence with an exit code."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from leukosim import __version__
from leukosim.cli.arguments import asks_for_help
from leukosim.cli.exit_codes import FAILED, INTERRUPTED, WRONG_INPUT
from leukosim.cli.verb_help import overview
from leukosim.cli.verbs import VERBS
from leukosim.errors import ConfigError, NotWritten, unknown


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks for; the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return dispatch(words)
    except ConfigError as error:
        print(f"leukosim: {error}", file=sys.stderr)
        return WRONG_INPUT
    except NotWritten as error:
        print(f"leukosim: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt as interruption:
        print(": ".join(["leukosim: interrupted", *map(str, interruption.args)]), file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our output has seen enough, as in `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def dispatch(words: list[str]) -> int:
    """Call the verb that the first word names, or show its help."""
    if not words or words[0] in ("--help", "-h"):
        print(overview(), end="")
        return 0
    if words[0] == "--version":
        print(f"leukosim {__version__}")
        return 0
    if words[0] in ("-m", "--multirun") or "=" in words[0]:
        words = ["run", *words]  # Hydra's own way to write it
    name, *rest = words
    if name not in VERBS:
        raise unknown(name, VERBS, "verb")
    if asks_for_help(rest):
        return import_module(f"{__name__}.help").explain(name, rest)
    verb = getattr(import_module(f"{__name__}.{VERBS[name].module}"), name)
    return verb(rest)
