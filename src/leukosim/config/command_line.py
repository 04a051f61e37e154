"""What Hydra makes of a command line, and its errors in a sentence."""

import itertools
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from hydra._internal.callbacks import Callbacks
from hydra._internal.hydra import Hydra
from hydra._internal.utils import get_args_parser
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from leukosim.config.compose import explain, refuse_empty, register, set_version, without_hydra
from leukosim.config.hydra_settings import LAUNCHER, OPTIONS, SWEEPER, CheckedLoader, check_words
from leukosim.config.interpolation import Table
from leukosim.config.overrides import quoted
from leukosim.config.own_files import check_folders
from leukosim.config.paths import config_folder
from leukosim.config.renamed import sentence_on_words
from leukosim.config.sweep_grammar import Space
from leukosim.config.words import check_choices
from leukosim.errors import ConfigError, listed, unknown

OWN_SWEEPERS = ("leukosim", "search")  # they hand over all scenarios, and start no jobs
ONE_PROCESS = "basic"  # the launcher of jobs one after the other, in this process

Job = Callable[[DictConfig], Any]


@dataclass(frozen=True)
class Jobs:
    """Jobs that another sweeper than leukosim's has run, each into a folder of its own."""

    sweeper: str
    launcher: str
    folder: str


def compose(words: list[str], job: Job | None = None) -> list[DictConfig | Table | Space | Jobs]:
    """What a command line asks for; nothing where it only showed something.

    Work on what is returned is done by the caller: Hydra would turn its errors into tracebacks.

    job : does the work of one configuration where another sweeper than leukosim's starts jobs; a
        function of a module, as it may be called in other processes

    Raises
    ------
    ConfigError
    """
    register()
    check_choices(words)
    check_folders(own_folders(words))
    refuse_empty(words)
    arguments = options_first(words)
    check_words(arguments)
    try:
        tasks = composed_by_hydra(arguments, job)
    except RecursionError:
        raise ConfigError(f"{includes_itself(words)}: its defaults lead back to it") from None
    except (HydraException, OmegaConfBaseException, YAMLError) as error:
        if os.environ.get("HYDRA_FULL_ERROR") == "1":
            raise
        raise ConfigError(sentence_on_words(words) or sentence_for(error, words)) from None
    for task in tasks:
        if not isinstance(task, Jobs):
            for composed in getattr(task, "composed", [task]):
                check_strategies(composed, words)
    return tasks


def includes_itself(words: Sequence[str]) -> str:
    """The choices on a command line, one of which includes itself, for a message."""
    return " ".join(word for word in words if "=" in word) or "a file of the configuration"


def composed_by_hydra(arguments: list[str], job: Job | None) -> list[Any]:
    """The same, with Hydra's own errors."""
    parser = get_args_parser()
    parser.error = refuse  # type: ignore[method-assign]
    options = parser.parse_args(arguments)
    fields: list[str] = options.overrides
    folder = Path(options.config_dir) if options.config_dir is not None else None
    name = options.config_name or "config"
    set_version()
    hydra = Hydra(task_name="leukosim", config_loader=CheckedLoader(folder))
    GlobalHydra.instance().initialize(hydra)
    try:
        if options.help or options.hydra_help:
            show = hydra.app_help if options.help else hydra.hydra_help
            show(config_name=name, args_parser=parser, args=options)
        elif options.cfg is not None:
            hydra.show_cfg(name, fields, options.cfg, options.package, options.resolve)
        elif options.info is not None:
            hydra.show_info(options.info, config_name=name, overrides=fields)
        elif options.multirun:
            return swept(hydra, name, fields, job)
        else:
            refuse_without_sweep(fields)
            refuse_without_search(fields)
            composed = hydra.compose_config(name, [*fields, "hydra.mode=RUN"], RunMode.RUN)
            return [without_hydra(composed)]
    finally:
        GlobalHydra.instance().clear()
    return []


def refuse(message: str) -> NoReturn:
    """Raise :class:`ConfigError` where options cannot be read."""
    raise ConfigError(message)


def refuse_without_sweep(fields: Sequence[str]) -> None:
    """Raise :class:`ConfigError` where one run is to have a sweeper or a launcher."""
    for field in fields:
        if field.lstrip("+~").startswith("hydra"):
            raise ConfigError(
                f"{field} has no effect on one run: it is for sweeps, leukosim run -m"
            )


def refuse_without_search(fields: Sequence[str]) -> None:
    """Raise :class:`ConfigError` where something is asked of a search, and there is none."""
    for field in fields:
        if field.lstrip("+~").startswith("search."):
            raise ConfigError(f"{field} has no effect on a run: leukosim search searches")


# ---------------------------------------------------------------------- sweeps


def swept(hydra: Hydra, name: str, fields: list[str], job: Job | None) -> list[Any]:
    """The table or the space that a sweep asks for, or the jobs that another sweeper has run."""
    fields = [*fields, "hydra.mode=MULTIRUN"]
    master = hydra.compose_config(name, fields, RunMode.MULTIRUN)
    choices = master.hydra.runtime.choices
    sweeper, launcher = str(choices[SWEEPER]), str(choices[LAUNCHER])
    tasks: list[Any] = []
    if sweeper in OWN_SWEEPERS:
        launching = [each for each in fields if each.lstrip("+~").startswith("hydra.launcher")]
        if launcher != ONE_PROCESS or launching:
            raise ConfigError(
                f"{(launching or [f'{LAUNCHER}={launcher}'])[0]} has no effect: leukosim's own "
                "sweeps start no jobs of Hydra. executor=processes, dask or slurm says where they "
                f"run; {SWEEPER}=basic starts a job for each scenario"
            )
        if sweeper != "search":
            refuse_without_search(fields)
        sweep(hydra, master, tasks.append)
        return tasks
    if job is None:
        raise ConfigError(f"{SWEEPER}={sweeper} is for the command line only")
    output = OmegaConf.to_container(master, resolve=False)["output"]  # type: ignore[index,call-overload]
    of_jobs = settings_of_jobs(str(output), fields, sweeper, launcher)
    master = hydra.compose_config(name, [*fields, *of_jobs], RunMode.MULTIRUN)
    sweep(hydra, master, job)
    return [Jobs(sweeper, launcher, str(master.hydra.sweep.dir))]


def sweep(hydra: Hydra, master: DictConfig, task: Job) -> None:
    """Let the sweeper that a configuration names do its work."""
    context = HydraContext(config_loader=hydra.config_loader, callbacks=Callbacks())
    sweeper = Plugins.instance().instantiate_sweeper(
        hydra_context=context, task_function=task, config=master
    )
    arguments: Any = OmegaConf.to_container(master.hydra.overrides.task, resolve=False)
    sweeper.sweep(arguments=arguments)


def settings_of_jobs(output: str, fields: Sequence[str], sweeper: str, launcher: str) -> list[str]:
    """Settings by which every job has a folder of its own, named by what differs between jobs.

    An optimiser may propose a point twice at the same time, so its jobs are also numbered.

    output : the folder of all
    """
    parsed = OverridesParser.create().parse_overrides(list(fields))
    fixed = [each.get_key_element() for each in parsed if not each.is_sweep_override()]
    settings = [f"hydra.sweep.dir={quoted(output)}"]
    if "${hydra:" not in output:
        number = "" if sweeper == "basic" else "${hydra:job.num}-"
        name = f"{output}/{number}${{hydra:job.override_dirname}}"
        settings.append(f"output={quoted(name)}")
    if launcher != ONE_PROCESS and not any(each.startswith("executor") for each in fixed):
        settings.append("executor.workers=1")  # the jobs are the processes
    unnamed = ["output", "executor.workers", *(each.lstrip("+~") for each in fixed)]
    names = ",".join(map(quoted, unnamed))
    return [*settings, f"hydra.job.config.override_dirname.exclude_keys=[{names}]"]


# ---------------------------------------------------------------------- words


def options_first(words: list[str]) -> list[str]:
    """Options before fields, however they are mixed: Hydra takes fields in one piece only."""
    options: list[str] = []
    others: list[str] = []
    previous = ""
    for word in words:
        is_option = word.startswith("-") or OPTIONS.get(previous, False)
        (options if is_option else others).append(word)
        previous = word
    return options + others


def sentence_for(error: Exception, words: Sequence[str]) -> str:
    """What Hydra complains of; what there is to choose from is looked up where it cannot say."""
    if isinstance(error, MissingConfigException) and not error.options:
        group, _, name = (error.missing_cfg_file or "").removesuffix(".yaml").rpartition("/")
        known = choices(group, words)
        if known:
            return f"{group}: {unknown(name, known, group)}"
    is_read = "while evaluating" in str(error)  # but a function in it cannot be called so
    if isinstance(error, OverrideParseException) and not is_read:
        return (
            f"{error.override} cannot be read: write field=value, several values as field=1,2 "
            "without spaces, a list or a function in quotes as 'field=[1,2]', every bracket closed"
        )
    several = re.search(r"Ambiguous value for argument '([^=']+)=([^']*)'", str(error))
    if several and "-m" not in words and "--multirun" not in words:
        field, values = several.groups()
        return (
            f"{field} = {values} are several values: leukosim run -m sweeps them; "
            f"a list is written '{field}=[{values}]'"
        )
    return explain(error)


def check_strategies(composed: DictConfig, words: Sequence[str]) -> None:
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
