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
  leukosim compare FOLDER [FOLDER] [field=value]   arms, or scenarios, over the same patients
  leukosim power FOLDER [field=value ...]          patients that a trial of two arms would need
  leukosim report FOLDER [field=value ...]         the study as one HTML page
  leukosim page [--port N] [--no-open]             one patient in the browser, day by day
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
    if not config.engine.is_elsewhere:
        compile_once(console)


def compile_once(console: "Console") -> None:
    """Compile the engine, unless that was done before, and say why nothing moves meanwhile."""
    from leukosim.warmup import compile_engine, is_compiled

    if is_compiled():
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


def read_words(words: list[str], kind: type, verb: str, most: int) -> "tuple[list[Path], Any]":
    """The results and the fields that follow a verb, checked.

    most : results that the verb takes

    Raises
    ------
    ConfigError
    """
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    from leukosim import store
    from leukosim.validation import build

    named = [word for word in words if "=" not in word]
    if not 1 <= len(named) <= most:
        wanted = "one result" if most == 1 else f"one to {most} results"
        raise ConfigError(
            f"{verb} needs {wanted}, each the folder or the results.nc in it, then field=value"
        )
    paths = []
    for name in named:
        path = Path(name)
        path = path / store.RESULTS if path.is_dir() else path
        if not path.is_file():
            raise ConfigError(f"{verb}: there is no result at {path}")
        if "digest" not in store.attributes_of(path):
            raise ConfigError(f"{verb}: {path} is not a result of leukosim")
        if path in paths:
            raise ConfigError(f"{verb}: {path} is named twice")
        paths.append(path)
    try:
        fields = OmegaConf.to_container(
            OmegaConf.from_dotlist([as_list(word, kind) for word in words if "=" in word])
        )
    except (OmegaConfBaseException, YAMLError) as error:
        from leukosim.config import explain

        raise ConfigError(f"{verb}: {explain(error)}") from None
    return paths, build(kind, fields)


def as_list(word: str, kind: type) -> str:
    """A field that holds a list, written as one: ``days=365,730`` is ``days=[365,730]``."""
    import typing

    name, _, value = word.partition("=")
    is_list = typing.get_origin(typing.get_type_hints(kind).get(name)) is list
    if not is_list or value.lstrip().startswith("["):
        return word
    names = "(" in value  # of arms of a sweep, which hold commas themselves
    return f"{name}=[{quoted(value) if names else value}]"


def quoted(value: str) -> str:
    """A text that YAML takes as it is."""
    return "'" + value.replace("'", "''") + "'"


def compare(words: list[str]) -> int:
    """``leukosim compare``: arms of results, or scenarios of a sweep, over the same patients."""
    from leukosim import store
    from leukosim.arms import chosen, gather_arms, reference_of
    from leukosim.comparison import Comparison, differences_table, levels_table, ranking, resample
    from leukosim.individual_effects import individual_effects
    from leukosim.tables import comparison_tables

    paths, asked = read_words(words, Comparison, "compare", 9)
    short = [path.parent.name or "here" for path in paths]
    names = short if len(set(short)) == len(short) else [str(path.parent) for path in paths]
    gathered = gather_arms(
        {name: store.load_dataset(path) for name, path in zip(names, paths, strict=True)}
    )
    against = reference_of(gathered, asked.against)
    gathered = chosen(gathered, asked.arms, against)
    found = resample(gathered, asked)
    effects = individual_effects(gathered, against, found.until_day)
    folder = Path(asked.output) if asked.output else paths[0].parent
    store.prepare_folder(folder)
    tables = {
        "comparison": [differences_table(found, against), levels_table(found)],
        "ranking": [ranking(found)],
        "individual_effects": [effects],
    }
    for name, parts in tables.items():
        store.save_table(joined(parts), folder / f"{name}.csv")
    code = draw_comparison(gathered, found, against, effects, folder)
    wide_console().print(*comparison_tables(found, against, effects), sep="")
    say(f"{folder}: {', '.join(f'{name}.csv' for name in tables)}, {FIGURES}/comparison.*"
        + (f", {FIGURES}/individual_effects.*" if len(effects) else ""))  # fmt: skip
    return code


def power(words: list[str]) -> int:
    """``leukosim power``: what a proposed trial of two arms of a result would need."""
    from leukosim import store
    from leukosim.arms import gather_arms
    from leukosim.figures import power as power_figure
    from leukosim.figures.save import save_figure
    from leukosim.figures.style import house_style
    from leukosim.power import Proposal, weigh
    from leukosim.tables import power_tables

    (path,), proposal = read_words(words, Proposal, "power", 1)
    evidence = weigh(gather_arms({"result": store.load_dataset(path)}), proposal)
    folder = Path(proposal.output) if proposal.output else path.parent
    store.prepare_folder(folder)
    store.save_table(evidence.curves, folder / "power.csv")
    store.save_table(evidence.needed, folder / "sample_size.csv")
    with house_style():
        figure = power_figure.power_figure(evidence)
        save_figure(figure, power_figure.numbers_drawn(evidence), folder / FIGURES, "power")
    wide_console().print(*power_tables(evidence), sep="\n")
    say(f"{folder}: power.csv, sample_size.csv, {FIGURES}/power.*")
    return 0


def report(words: list[str]) -> int:
    """``leukosim report``: one HTML page of a result, which loads nothing."""
    import pandas as pd

    from leukosim import store
    from leukosim.report import PAGE, Report, report_page

    (path,), asked = read_words(words, Report, "report", 1)
    log = path.parent / store.DECISIONS
    decisions = pd.read_csv(log, keep_default_na=False) if log.is_file() else None
    folder = Path(asked.output) if asked.output else path.parent
    store.prepare_folder(folder)
    page = report_page(store.load_dataset(path), folder / FIGURES, asked, decisions)
    store.save_text(page, folder / PAGE)
    say(f"{folder / PAGE}: {len(page) / 1e6:.1f} MB, all in one file")
    return 0


def joined(parts: "list[Any]") -> "Any":
    """Tables of the same columns, one under the other."""
    import pandas as pd

    filled = [part for part in parts if len(part)]
    return pd.concat(filled or parts[:1], ignore_index=True)


def wide_console() -> "Console":
    """Where tables are printed: the terminal, or a page wide enough for them."""
    from rich.console import Console

    from leukosim.tables import WIDTH

    console = Console()
    return console if console.is_terminal else Console(width=WIDTH)


def draw_comparison(
    gathered: "xr.Dataset", found: Any, against: str, effects: Any, folder: Path
) -> int:
    """The figures of a comparison: all arms, and the patients of the best beside the reference."""
    from leukosim.comparison import ranking
    from leukosim.figures import comparison as arms_figure
    from leukosim.figures import individual_effects as patients_figure
    from leukosim.figures.save import save_figure
    from leukosim.figures.style import house_style

    with house_style():
        figure = arms_figure.comparison_figure(found, against)
        numbers = arms_figure.numbers_drawn(found, against)
        save_figure(figure, numbers, folder / FIGURES, "comparison")
        best = next((arm for arm in ranking(found)["arm"] if arm != against), None)
        if best is not None:
            of_best = effects[effects["arm"] == best]
            figure = patients_figure.individual_effects_figure(gathered, of_best, found.until_day)
            numbers = patients_figure.numbers_drawn(gathered, of_best)
            save_figure(figure, numbers, folder / FIGURES, "individual_effects")
    return 0


def verify(words: list[str]) -> int:
    """``leukosim verify``."""
    import argparse

    from leukosim.verification import verify as hold_against_exact_laws

    parser = argparse.ArgumentParser(prog="leukosim verify")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    asked = parser.parse_args(words)
    return 0 if hold_against_exact_laws(seed=asked.seed, quick=asked.quick) else FAILED


def page(words: list[str]) -> int:
    """``leukosim page``."""
    import argparse
    from importlib.util import find_spec

    parser = argparse.ArgumentParser(prog="leukosim page")
    parser.add_argument("--port", type=int, default=8765, help="of the page, from 1 to 65535")
    parser.add_argument("--host", default="localhost", help="0.0.0.0 lets other machines see it")
    parser.add_argument("--no-open", action="store_true", help="open no browser")
    asked = parser.parse_args(words)
    if any(find_spec(name) is None for name in ("solara", "altair", "ipyvuetify")):
        raise ConfigError(
            "page needs solara, which is not installed: install leukosim with its extra `page`, "
            "as in pip install 'leukosim[page]' or, in a checkout, pip install -e '.[page]'"
        )
    check_address(asked.host, asked.port)
    os.environ.setdefault("SOLARA_TELEMETRY_MIXPANEL_ENABLE", "False")  # it would report its use
    from rich.console import Console
    from solara.__main__ import run as serve

    compile_once(Console(stderr=True))  # so that the browser need not wait for it
    say(f"leukosim page: http://{asked.host}:{asked.port} (Ctrl-C ends it)")
    where = ["--host", asked.host, "--port", str(asked.port)]
    opens = "--no-open" if asked.no_open else "--open"
    serve.main(["leukosim.page", "--production", opens, *where], standalone_mode=False)
    return 0


def check_address(host: str, port: int) -> None:
    """Raise :class:`ConfigError` where no page can be served."""
    import socket

    if not 1 <= port <= 65535:
        raise ConfigError(
            f"port = {port} is not allowed: port is a number, allowed from 1 to 65535"
        )
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        raise ConfigError(
            f"port = {port} of host = {host} cannot be used ({error.strerror}): "
            f"choose another, such as --port {port + 1 if port < 65535 else port - 1}"
        ) from None


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
    "compare": compare,
    "power": power,
    "report": report,
    "page": page,
    "verify": verify,
    "warmup": warmup,
    "parameters": parameters,
    "vocabulary": vocabulary,
}

if __name__ == "__main__":
    sys.exit(main())
