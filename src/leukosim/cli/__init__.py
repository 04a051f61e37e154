"""The command line: verbs, help, and errors as one sentence with an exit code."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from leukosim import __version__
from leukosim.cli.exit_codes import FAILED, INTERRUPTED, WRONG_INPUT
from leukosim.config.paths import config_folder
from leukosim.errors import ConfigError, NotWritten, unknown

# Verbs and the modules that hold them, imported when asked for: --help needs none of them.
VERBS = {
    "run": "run",
    "search": "search",
    "status": "status",
    "figures": "drawing",
    "compare": "reading",
    "power": "reading",
    "sensitivity": "sensitivity",
    "report": "reading",
    "calibrate": "calibrate",
    "page": "serving",
    "predict": "predicting",
    "validate": "predicting",
    "verify": "checking",
    "warmup": "compiling",
    "parameters": "listing",
    "vocabulary": "listing",
    "odd": "listing",
}

HELP = """\
leukosim: acute myeloid leukaemia in remission and relapse, simulated cell by cell

  leukosim run study=NAME [field=value ...]        run a study: one dataset, a decision log, figures
  leukosim run -m study=NAME field=a,b ...         sweep fields: one dataset of all scenarios
  leukosim search study=NAME field=interval(a,b)   the best values, within limits
  leukosim status FOLDER [FOLDER ...]              what is finished, running, missing or failed
  leukosim figures FOLDER [field=value ...]        draw the figures of a result again, width_mm=89
  leukosim compare FOLDER [FOLDER] [field=value]   arms, or scenarios, over the same patients
  leukosim power FOLDER [field=value ...]          patients that a trial of two arms would need
  leukosim sensitivity study=NAME [field=value ..] which parameters decide a study's answer
  leukosim report FOLDER [field=value ...]         the study as one HTML page
  leukosim calibrate [field=value ...]             fit parameters to the published targets
  leukosim page [--port N] [--no-open]             one patient in the browser, day by day
  leukosim predict FOLDER [FOLDER ...]             predict what was not fitted, with a checksum
  leukosim validate FILE                           observed values beside the frozen predictions
  leukosim warmup                                  compile the engine, so that no run has to wait
  leukosim verify [--quick] [--seed N]             check the simulation kernel against exact results
  leukosim verify --report PAGE [FOLDER ...]       the same, and all evidence as one page and PDF
  leukosim parameters [--markdown FILE]            every parameter with unit, range and source
  leukosim vocabulary [--markdown FILE]            every variable of a result
  leukosim odd [--markdown FILE]                   the model by the ODD protocol
  leukosim --version

Studies: {studies}

  leukosim run study=relaza2
  leukosim run study=relaza2 trigger.level=1e-3 monitoring.interval_days=56 output=outputs/mine
  leukosim run -m study=relaza2 trigger.level=1e-4,1e-3,1e-2 monitoring.interval_days=28,56,84
  leukosim run study=relaza2 --cfg job             show the whole configuration, run nothing
  leukosim run --help                              groups to choose from and fields to set
"""


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
    """Call the verb that the first word names."""
    if not words or words[0] in ("--help", "-h", "help"):
        print(HELP.format(studies=", ".join(studies())), end="")
        return 0
    if words[0] == "--version":
        print(f"leukosim {__version__}")
        return 0
    if words[0] in ("-m", "--multirun") or "=" in words[0]:
        words = ["run", *words]  # Hydra's own way to write it
    if words[0] not in VERBS:
        raise unknown(words[0], VERBS, "verb")
    verb = getattr(import_module(f"{__name__}.{VERBS[words[0]]}"), words[0])
    return verb(words[1:])


def studies() -> list[str]:
    """The studies that come with the package."""
    return sorted(path.stem for path in (config_folder() / "study").glob("*.yaml"))
