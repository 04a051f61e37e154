"""``leukosim run --help``: groups, sections and fields of a run."""

from collections.abc import Mapping
from dataclasses import Field, fields, is_dataclass
from pathlib import Path
from typing import Any

from leukosim.cli.verb_help import usage
from leukosim.cli.verbs import VERBS
from leukosim.config.schema import Config
from leukosim.errors import ConfigError, join, unknown
from leukosim.reports.help.choices import GROUPS, choices_of, chosen_by_default
from leukosim.reports.help.declared import describe, described, in_words, is_leaf, summary_of
from leukosim.reports.help.layout import field_lines, in_columns, paragraph

CONFIG_DIR = ("--config-dir", "-cd")


def run_help(words: list[str]) -> str:
    """An overview, or the sections that are named; of a study where one is chosen.

    Raises
    ------
    ConfigError
        For a section that does not exist, with the nearest ones that do.
    """
    named, overrides, folders = sorted_words(words)
    config = configured(overrides, folders)
    if not named:
        return overview(config, overrides, folders)
    return "\n".join(section(path, config, overrides, folders) for path in named)


def sorted_words(words: list[str]) -> tuple[list[str], list[str], list[Path]]:
    """Names of sections, fields with values, and the user's own folders."""
    named: list[str] = []
    overrides: list[str] = []
    folders: list[Path] = []
    waiting = iter(words)
    for word in waiting:
        option, _, value = word.partition("=")
        if option in CONFIG_DIR:
            folders.append(Path(value or next(waiting, "")))
        elif "=" in word:
            overrides.append(word)
        elif not word.startswith("-"):
            named.append(word)
    return named, overrides, folders


def configured(overrides: list[str], folders: list[Path]) -> Config:
    """The run that these fields ask for; without any, as the code declares it."""
    if not overrides and not folders:
        return Config()
    from leukosim.config.compose import compose

    return compose(overrides, *folders[:1])


def overview(config: Config, overrides: list[str], folders: list[Path]) -> str:
    """Groups to choose from, sections of fields, and fields that belong to no section."""
    verb, defaults = VERBS["run"], chosen_by_default()
    lines = [verb.summary, "", paragraph(usage("run")), "", "Groups, each chosen by GROUP=NAME:"]
    rows = []
    for group, meaning in GROUPS.items():
        names = ", ".join(choices_of(group, folders))
        default = in_words(defaults[group])
        rows.append((group, [meaning, names, f"default {default}"]))
    lines += in_columns(rows)
    lines += ["", "Sections of fields, each explained by leukosim run --help SECTION:"]
    lines += in_columns([*sections_in(config).items(), ("strategies", [STRATEGIES])])
    lines += ["", "Fields:", *field_lines(described(Config, config))]
    lines += ["", paragraph(of_whom(overrides)), "", paragraph(verb.notes)]
    lines += ["", "Examples:", *(f"  {example}" for example in verb.examples)]
    lines += ["  leukosim run --help trigger", "  leukosim run study=blast --help cohort"]
    return "\n".join(lines) + "\n"


STRATEGIES = "The chosen strategies by name: leukosim help strategy explains them."


def section(path: str, config: Config, overrides: list[str], folders: list[Path]) -> str:
    """One section: what can be chosen as a whole, its fields, and the sections inside it."""
    lines: list[str] = []
    if path in GROUPS:
        lines += [f"{path}=NAME: {GROUPS[path]}", ""]
        lines += in_columns([(name, [said]) for name, said in choices_of(path, folders).items()])
        if not overrides:
            lines += ["", f"default {in_words(chosen_by_default()[path])}"]
        if path not in {each.name for each in fields(Config)} or path == "study":
            if path == "strategy":
                lines += ["", "leukosim help strategy explains how a strategy is written."]
            return "\n".join(lines) + "\n"
        lines.append("")
    holder, declared, value = at(path, config)
    if is_dataclass(value):
        lines += [paragraph(f"{path}: {summary_of(type(value))}")]
        leaves = described(type(value), value)
        if leaves:
            lines += ["", f"Fields, set as in {path}.{leaves[0].name}={leaves[0].default}:"]
            lines += field_lines(leaves)
        inside = sections_in(value, path)
    elif isinstance(value, Mapping) and any(map(is_dataclass, value.values())):
        lines += [f"{path}: {', '.join(value)}"]
        inside = {join(path, name): [summary_of(type(each))] for name, each in value.items()}
    else:
        assert declared is not None
        lines += field_lines([describe(type(holder), declared, holder)])
        inside = {}
    if inside:
        lines += ["", "Sections, each explained by leukosim run --help SECTION:"]
        lines += in_columns(list(inside.items()))
    return "\n".join([*lines, "", paragraph(of_whom(overrides))]) + "\n"


def of_whom(overrides: list[str]) -> str:
    """Whose defaults are shown."""
    if overrides:
        return f"Defaults as of leukosim run {' '.join(overrides)}."
    return "Defaults of the code; leukosim run study=NAME --help shows those of a study."


def at(path: str, config: Config) -> tuple[Any, Field[Any] | None, Any]:
    """The record that holds a field or an entry, its declaration, and its value.

    Raises
    ------
    ConfigError
    """
    holder: Any = None
    declared: Field[Any] | None = None
    value: Any = config
    here = ""
    for name in path.split("."):
        holder = value
        if isinstance(holder, Mapping):
            known: dict[str, Any] = {str(each): None for each in holder}
        else:
            known = {each.name: each for each in fields(holder)} if is_dataclass(holder) else {}
        here = join(here, name)
        if name not in known:
            raise not_found(here, [*known, *(GROUPS if holder is config else ())])
        if not isinstance(holder, Mapping):
            declared = known[name]
        value = holder[name] if isinstance(holder, Mapping) else getattr(holder, name)
    return holder, declared, value


def not_found(path: str, known: list[str]) -> ConfigError:
    """The error for a section that does not exist."""
    if not known:
        return ConfigError(
            f"{path} is not a known field: {path.rpartition('.')[0]} has none inside"
        )
    return unknown(path, sorted(set(known)), "section or field")


def sections_in(record: Any, path: str = "") -> dict[str, list[str]]:
    """The dataclasses in a dataclass: what each is, and how many fields it has."""
    inside = {}
    for each in fields(record):
        value = getattr(record, each.name)
        if is_leaf(type(record), each):
            continue
        if is_dataclass(value):
            said = f"{summary_of(type(value))} ({counted(value)})"
        elif value:
            said = f"{', '.join(value)} ({counted(value)})"
        else:
            continue
        inside[join(path, each.name)] = [said]
    return inside


def counted(value: Any) -> str:
    """The number of fields in words."""
    number = count(value)
    return "1 field" if number == 1 else f"{number} fields"


def count(value: Any) -> int:
    """How many values a tree of dataclasses holds."""
    if isinstance(value, Mapping):
        return sum(map(count, value.values()))
    if not is_dataclass(value):
        return 1
    return sum(count(getattr(value, each.name)) for each in fields(value))
