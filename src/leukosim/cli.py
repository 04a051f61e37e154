"""The command line: compose, check, run, save. The only place that writes a user's files."""

import itertools
import os
import sys
import time
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leukosim import __version__
from leukosim.files import NotWritten
from leukosim.folders import config_folder
from leukosim.validation import ConfigError, listed, unknown

if TYPE_CHECKING:  # slow to import, and --help needs none of it
    import xarray as xr
    from omegaconf import DictConfig
    from rich.console import Console

    from leukosim.config import Config
    from leukosim.scenarios import Table
    from leukosim.sweep import Report, Scenario, Sweep

FAILED, WRONG_INPUT, INTERRUPTED = 1, 2, 130
FIGURES = "figures"  # their folder
FEW_COURSES = 80  # about as long as a second process takes to start

HELP = """\
leukosim: acute myeloid leukaemia in remission and relapse, simulated cell by cell

  leukosim run study=NAME [field=value ...]        run a study: one dataset, a decision log, figures
  leukosim run -m study=NAME field=a,b ...         sweep fields: one dataset of all scenarios
  leukosim figures FOLDER                          draw the figures of a result again
  leukosim warmup                                  compile the engine, so that no run has to wait
  leukosim verify [--quick] [--seed N]             hold the engine against exact laws
  leukosim parameters [--markdown FILE]            every parameter with unit, range and source
  leukosim vocabulary [--markdown FILE]            every variable of a result
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
        return run(words)  # Hydra's own way to write it
    if words[0] not in VERBS:
        raise unknown(words[0], VERBS, "verb")
    return VERBS[words[0]](words[1:])


def studies() -> list[str]:
    """The studies that come with the package."""
    return sorted(path.stem for path in (config_folder() / "study").glob("*.yaml"))


# ---------------------------------------------------------------------- run


def run(words: list[str]) -> int:
    """``leukosim run``: Hydra composes, then one run or one sweep follows."""
    from rich.console import Console

    from leukosim.scenarios import Table

    console = Console(stderr=True)
    code = 0
    for task in compose(words):
        if isinstance(task, Table) and task.axes:
            code = max(code, run_sweep(task, console))
        else:
            composed = task.composed[0] if isinstance(task, Table) else task
            code = max(code, run_one(composed, console))
    return code


VALUED = ("--config-dir", "-cd", "--config-name", "-cn", "--cfg", "-c", "--package", "-p", "--info")


def options_first(words: list[str]) -> list[str]:
    """Options before fields, however they are mixed: Hydra takes fields in one piece only."""
    options: list[str] = []
    others: list[str] = []
    previous = ""
    for word in words:
        is_option = word.startswith("-") or (previous in VALUED and "=" not in word)
        (options if is_option else others).append(word)
        previous = word
    return options + others


def compose(words: list[str]) -> "list[DictConfig | Table]":
    """What Hydra makes of a command line; nothing where it only showed something.

    The work is done outside of Hydra, which would turn its errors into tracebacks.
    """
    import hydra
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    from leukosim.config import refuse_empty, version_arguments

    refuse_empty(words)
    tasks: list[Any] = []
    arguments, full = sys.argv, os.environ.get("HYDRA_FULL_ERROR")
    sys.argv = ["leukosim run", *options_first(words)]
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra raises what it would else print
    try:
        start = hydra.main(
            config_path=str(config_folder()), config_name="config", **version_arguments()
        )
        start(tasks.append)()
    except (HydraException, OmegaConfBaseException, YAMLError) as error:
        if full == "1":
            raise
        raise ConfigError(sentence_for(error, words)) from None
    finally:
        sys.argv = arguments
        os.environ.pop("HYDRA_FULL_ERROR")
        if full is not None:
            os.environ["HYDRA_FULL_ERROR"] = full
    for task in tasks:
        for composed in getattr(task, "composed", [task]):
            check_strategies(composed, words)
    return tasks


def sentence_for(error: Exception, words: Sequence[str]) -> str:
    """What Hydra complains of; what there is to choose from is looked up where it cannot say."""
    from hydra.errors import MissingConfigException

    from leukosim.config import explain

    if isinstance(error, MissingConfigException) and not error.options:
        group, _, name = (error.missing_cfg_file or "").removesuffix(".yaml").rpartition("/")
        known = choices(group, words)
        if known:
            return f"{group}: {unknown(name, known, group)}"
    return explain(error)


def check_strategies(composed: "DictConfig", words: Sequence[str]) -> None:
    """Raise :class:`ConfigError` where no strategy was chosen, or a file of one has no package."""
    if "strategy" in composed:
        lost = [
            path
            for folder in own_folders(words)
            for path in sorted((folder / "strategy").glob("*.yaml"))
            if "@package" not in path.read_text(encoding="utf-8").partition("\n")[0]
        ]
        file, name = (lost[0], lost[0].stem) if lost else ("a file of a strategy", "NAME")
        raise ConfigError(f"{file} must begin with the line `# @package strategies.{name}`")
    if not composed.get("strategies"):
        known = listed(choices("strategy", words))
        raise ConfigError(f"strategy = [] leaves no arm: choose one or more of {known}")


def choices(group: str, words: Sequence[str]) -> list[str]:
    """What can be chosen in a group, from the package and from the user's own folders."""
    folders = [config_folder(), *own_folders(words)]
    return sorted({path.stem for each in folders for path in (each / group).glob("*.yaml")})


def own_folders(words: Sequence[str]) -> list[Path]:
    """The folders named after ``--config-dir``."""
    options = ("--config-dir", "-cd")
    beside = [value for option, value in itertools.pairwise(words) if option in options]
    inside = [word.split("=", 1)[1] for word in words if word.startswith("--config-dir=")]
    return [Path(name) for name in (*beside, *inside)]


def run_one(composed: "DictConfig", console: "Console") -> int:
    """One run into its folder, unless it is there already."""
    from omegaconf import OmegaConf

    from leukosim import store
    from leukosim.config import as_plain, read_config
    from leukosim.screen import contents, outcome_table, progress_bar
    from leukosim.sweep import check_machine, treat

    config = read_config(composed)
    check_machine([config])
    folder = store.folder_of(config.output)
    identity = store.identity_of(as_plain(config))
    digest = store.digest_of(identity)
    if not config.overwrite and store.is_finished(folder, identity, digest):
        say(f"{folder} holds this result already: nothing was run")
        return draw_missing(folder, console)
    store.prepare_folder(folder)
    started = time.perf_counter()
    with store.sole_writer(folder), interrupted_with("nothing of this run is kept"):
        if not config.overwrite:  # again, now that nobody else can write: it may raise
            store.is_finished(folder, identity, digest)
        compile_first(console, config)
        with progress_bar(console) as bar:
            line = bar.add_task(config.study, total=config.cohort.size)
            at_once = workers(config, config.cohort.size * len(config.arms))
            trial = treat(config, at_once, lambda n: bar.update(line, completed=n))
        trial.dataset.attrs.update(store.provenance(identity, digest))
        text = OmegaConf.to_yaml(OmegaConf.create(as_plain(config)))
        store.save_text(f"{store.CONFIG_TITLE} of this run\n{text}", folder / store.CONFIG)
        store.save_table(trial.decisions, folder / store.DECISIONS)
        store.save_dataset(trial.dataset, folder / store.RESULTS)  # last but figures: "finished"
    with interrupted_with("the result is kept, the same command draws its figures"):
        code = draw(trial.dataset, folder, console)
    console.print(outcome_table(trial.dataset))
    say(f"{folder}: {contents(folder)} ({time.perf_counter() - started:.0f} s)")
    return code


def run_sweep(table: "Table", console: "Console") -> int:
    """All scenarios that are not finished yet, then one dataset of all."""
    from leukosim import store
    from leukosim import sweep as sweeps
    from leukosim.screen import contents

    sweep = sweeps.check(table)
    total = len(sweep.scenarios)
    replaces = sweep.scenarios[0].config.overwrite
    if not replaces and sweeps.is_finished(sweep):
        say(f"{total} of {total} scenarios found finished, 0 run: {sweep.folder}")
        return show_sweep(sweep, console, only_missing=True)
    store.prepare_folder(sweep.folder)
    kept = "finished scenarios are kept, the same command runs the others"
    with store.sole_writer(sweep.folder), interrupted_with(kept):
        if not replaces:  # again, now that nobody else can write: it may raise
            sweeps.is_finished(sweep)
        report = keep_all(sweep, console)
    code = FAILED if report.errors else 0
    if len(report.errors) < total:
        with interrupted_with("the result is kept, the same command draws its figures"):
            code = max(code, show_sweep(sweep, console))
    for sentence in report.failures():
        print(f"leukosim: {sentence}", file=sys.stderr, flush=True)
    for line in report.lines():
        say(line)
    say(f"{sweep.folder}: {contents(sweep.folder)}")
    return code


def keep_all(sweep: "Sweep", console: "Console") -> "Report":
    """Run what is missing and merge all; what turns out damaged then is run again."""
    from leukosim import sweep as sweeps
    from leukosim.parts import BrokenPart

    missing = sweep.missing()
    report = sweeps.Report(sweep, ran={scenario.digest for scenario in missing})
    report.errors = run_scenarios(sweep, missing, console)
    while True:
        try:
            sweeps.merge(sweep, report.errors)
            return report
        except BrokenPart as broken:
            broken.path.unlink(missing_ok=True)
            again = sweep.missing(report.errors)
            report.damaged |= {scenario.digest for scenario in again}
            report.errors |= run_scenarios(sweep, again, console)


def show_sweep(sweep: "Sweep", console: "Console", only_missing: bool = False) -> int:
    """Figures of a sweep, and what tells its hypotheses apart.

    A dataset that would fill the memory stays on the disk, and a figure reads what it draws.
    """
    from leukosim import store
    from leukosim import sweep as sweeps

    path = sweep.folder / store.RESULTS
    with store.opened(path, sweeps.bytes_to_hold(sweep)) as dataset:
        found = drawn_in(sweep.folder) if only_missing else ()
        code = draw(dataset, sweep.folder, console, found)
        compare_hypotheses(dataset, sweep.folder, console)
    return code


def compare_hypotheses(merged: "xr.Dataset", folder: Path, console: "Console") -> None:
    """Write and print how many patients would tell hypotheses apart, where they were swept."""
    from leukosim import store
    from leukosim.discrimination import discrimination_table, has_hypotheses
    from leukosim.screen import hypotheses_tables

    if has_hypotheses(merged):
        found = discrimination_table(merged)
        store.save_table(found, folder / store.DISCRIMINATION)
        console.print(*hypotheses_tables(found), sep="")


def run_scenarios(sweep: "Sweep", missing: "list[Scenario]", console: "Console") -> dict[str, str]:
    """Run and keep what is missing, with a bar on a terminal and else a line for each scenario.

    Returns
    -------
    dict
        What went wrong, by the digest of the scenario.
    """
    from leukosim import sweep as sweeps
    from leukosim.screen import progress_bar

    if not missing:
        return {}
    compile_first(console, missing[0].config)
    patients = sum(scenario.config.cohort.size for scenario in missing)
    first = missing[0].config
    asked = workers(first, patients * len(first.arms))
    at_once = sweeps.workers_within_memory([scenario.config for scenario in missing], asked)
    if at_once < asked:
        print(f"leukosim: {at_once} of {asked} workers, to stay within memory", file=sys.stderr)
    done = 0
    with progress_bar(console) as bar:
        line = bar.add_task(f"{len(missing)} scenarios", total=patients)

        def tell(scenario: "Scenario") -> None:
            nonlocal done
            done += 1
            if not console.is_terminal:
                words = f"{done} of {len(missing)} scenarios run: {scenario.name}"
                print(words, file=sys.stderr, flush=True)  # at once, for whoever reads a log

        return sweeps.run_missing(
            sweep, missing, at_once, lambda n: bar.update(line, completed=n), tell
        )


@contextmanager
def interrupted_with(words: str) -> Iterator[None]:
    """Let an interruption inside say what becomes of the work."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(words) from None


def say(words: str) -> None:
    """Print a line at once, also into a pipe."""
    print(words, flush=True)


def workers(config: "Config", courses: int) -> int:
    """Workers: as many as asked for, or one for each processor it may use.

    courses : of patients, that are to be simulated
    """
    if config.engine.workers:
        return config.engine.workers
    if courses < FEW_COURSES:
        return 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def compile_first(console: "Console", config: "Config") -> None:
    """Compile the engine in this process, before others start that would each do so."""
    from leukosim.warmup import compile_engine, is_compiled

    if config.engine.is_elsewhere or is_compiled():
        return
    console.print("Compiling the engine; only the first run of this version does (about 20 s).")
    compile_engine()


# ---------------------------------------------------------------------- other verbs


def warmup(words: list[str]) -> int:
    """``leukosim warmup``."""
    from leukosim.warmup import compile_engine, is_compiled

    if words:
        raise ConfigError(f"warmup takes nothing, and {words[0]} was given")
    started = time.perf_counter()
    was_there = is_compiled()
    folder = compile_engine()
    state = "was compiled already" if was_there else "is compiled"
    say(f"the engine {state} ({time.perf_counter() - started:.0f} s): {folder}")
    return 0


def draw(
    dataset: "xr.Dataset", folder: Path, console: "Console", found: Container[str] = ()
) -> int:
    """Draw the figures that a result can feed; one that fails costs itself, not the result.

    found : names of figures to leave out
    """
    from leukosim.figures import draw_figure, figures_for

    code = 0
    for each in figures_for(dataset):
        if each.name in found:
            continue
        try:
            draw_figure(each, dataset, folder / FIGURES)
        except Exception as error:
            words = f"leukosim: the figure {each.name} failed: {type(error).__name__}: {error}"
            console.print(words, style="red", markup=False)
            code = FAILED
    return code


def draw_missing(folder: Path, console: "Console") -> int:
    """Draw the figures that a finished result lacks, as after an interruption."""
    from leukosim import store

    return draw(store.load_dataset(folder / store.RESULTS), folder, console, drawn_in(folder))


def drawn_in(folder: Path) -> set[str]:
    """The names of the figures that a folder has; the CSV is written last of each."""
    return {path.stem for path in (folder / FIGURES).glob("*.csv")}


def figures(words: list[str]) -> int:
    """``leukosim figures FOLDER``."""
    from rich.console import Console

    from leukosim import store
    from leukosim.figures import figures_for
    from leukosim.screen import contents

    if len(words) != 1:
        raise ConfigError("figures needs one word: the folder, or the results.nc in it")
    path = Path(words[0])
    path = path / store.RESULTS if path.is_dir() else path
    if not path.is_file():
        raise ConfigError(f"figures: there is no result at {path}")
    dataset = store.load_dataset(path)
    if not figures_for(dataset):
        raise ConfigError(f"figures: {path} holds nothing that a figure shows")
    code = draw(dataset, path.parent, Console(stderr=True))
    say(f"{path.parent}: {contents(path.parent)}")
    return code


def verify(words: list[str]) -> int:
    """``leukosim verify``."""
    import argparse

    from leukosim.verification import verify as hold_against_exact_laws

    parser = argparse.ArgumentParser(prog="leukosim verify")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    asked = parser.parse_args(words)
    return 0 if hold_against_exact_laws(seed=asked.seed, quick=asked.quick) else FAILED


def parameters(words: list[str]) -> int:
    """``leukosim parameters``."""
    from leukosim.reference import parameter_page

    return show_page(words, "parameters", parameter_page())


def vocabulary(words: list[str]) -> int:
    """``leukosim vocabulary``."""
    from leukosim.reference import vocabulary_page

    return show_page(words, "vocabulary", vocabulary_page())


def show_page(words: list[str], verb: str, page: str) -> int:
    """Print a page, or write it to a file."""
    from leukosim.store import save_text

    if not words:
        print(page, end="")
        return 0
    if len(words) != 2 or words[0] != "--markdown":
        raise ConfigError(f"{verb} takes nothing, or --markdown FILE")
    save_text(page, Path(words[1]))
    return 0


VERBS: dict[str, Callable[[list[str]], int]] = {
    "run": run,
    "figures": figures,
    "verify": verify,
    "warmup": warmup,
    "parameters": parameters,
    "vocabulary": vocabulary,
}

if __name__ == "__main__":
    sys.exit(main())
