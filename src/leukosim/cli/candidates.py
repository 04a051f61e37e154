"""What a shell can offer for the last word of a command line."""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

from leukosim.cli.arguments import asks_for_help, named_options, option_names
from leukosim.cli.verbs import SHELLS, TOPICS, VERBS, Verb
from leukosim.reports.help.choices import GROUPS, choices_of
from leukosim.reports.help.declared import hints

OF_HYDRA = ("-m", "--cfg", "--config-dir")


def candidates(line: str) -> list[str]:
    """The words that the last word of a line can become.

    line : as typed up to the cursor, with the name of the program
    """
    words, current = split(line)
    found = sorted(dict.fromkeys(offered(words[1:], current)))
    return [each for each in found if each.startswith(current)]


def split(line: str) -> tuple[list[str], str]:
    """The words of a line, and the last one, which is being typed and may be empty."""
    try:
        words = shlex.split(line)
    except ValueError:  # an open quotation mark
        words = line.split()
    current = words.pop() if words and not line[-1:].isspace() else ""
    return words, current


def is_finished(word: str) -> bool:
    """Whether nothing follows in a word, so that a shell adds a space."""
    return not word.endswith(("=", ".", "/")) and word.count("[") == word.count("]")


def offered(words: list[str], current: str) -> Iterable[str]:
    """What fits after the words, whether or not it begins like the last one."""
    if not words:
        return [*VERBS, "--help", "--version"]
    name = words[0]
    if name not in VERBS:
        return []
    verb, before = VERBS[name], words[-1]
    if before == "--config-dir":
        return folders(current)
    if any(before == each.name and each.completes == "file" for each in named_options(verb)):
        return [*folders(current), *files(current)]
    if current.startswith("-"):
        return [*option_names(verb), *(OF_HYDRA if verb.composes else ())]
    if name == "run" and asks_for_help(words):
        return sections(current)
    if "=" in current:
        return values(verb, words, current)
    return [*positional(verb, current), *own_fields(verb), *fields_of_a_run(verb, words, current)]


def positional(verb: Verb, current: str) -> Iterable[str]:
    """Folders, files, verbs or shells, as the verb takes them."""
    for each in verb.options:
        if each.name.startswith("-"):
            continue
        if each.completes == "result":
            yield from folders(current, with_result=True)
        elif each.completes in ("folder", "file"):
            yield from folders(current)
            yield from files(current) if each.completes == "file" else ()
        elif each.completes == "shell":
            yield from SHELLS
        elif each.completes == "verb":
            yield from (*VERBS, *TOPICS)


def own_fields(verb: Verb) -> list[str]:
    """The fields of a verb's own dataclass, each with its equals sign."""
    kind = own_kind(verb)
    return [f"{verb.prefix}{each.name}=" for each in fields(kind)] if kind else []


def own_kind(verb: Verb) -> Any:
    """The dataclass of a verb's fields; None where it has none."""
    module, _, name = verb.fields.partition(":")
    return getattr(import_module(module), name) if module else None


def fields_of_a_run(verb: Verb, words: list[str], current: str) -> list[str]:
    """Groups, sections and fields of a run, one level at a time."""
    if not verb.composes:
        return []
    parent, dot, _ = current.rpartition(".")
    entries = inside(tree(words, current), parent)
    found = [
        f"{parent}{dot}{name}" + ("." if is_dataclass(each) or isinstance(each, Mapping) else "=")
        for name, each in entries.items()
    ]
    return found if parent else [*found, *(f"{group}=" for group in GROUPS)]


def values(verb: Verb, words: list[str], current: str) -> Iterable[str]:
    """What a field can be, where its declaration says so; the last of several values."""
    name, _, value = current.partition("=")
    earlier = value[: max(value.rfind(","), value.rfind("[")) + 1]
    names: Iterable[str] = ()
    if name in ("output", "config_dir"):
        return (f"{name}={folder}" for folder in folders(value))
    if verb.composes and name in GROUPS:
        names = choices_of(name, own_folders(words))
    elif verb.composes and not (verb.prefix and name.startswith(verb.prefix)):
        parent, _, field = name.rpartition(".")
        names = allowed(at(tree(words, current), parent), field)
    if verb.fields and name.startswith(verb.prefix):
        names = names or allowed(own_kind(verb), name.removeprefix(verb.prefix))
    return [f"{name}={earlier}{each}" for each in names]


def allowed(record: Any, name: str) -> Iterable[str]:
    """The words that a field of a dataclass allows."""
    if not is_dataclass(record):
        return ()
    declared = {each.name: each for each in fields(record)}
    if name not in declared:
        return ()
    if hints(record if isinstance(record, type) else type(record))[name] is bool:
        return ("true", "false")
    metadata = declared[name].metadata
    return metadata.get("allowed") or metadata.get("words") or ()


def sections(current: str) -> list[str]:
    """Sections that ``leukosim run --help`` explains, one level at a time."""
    parent, dot, _ = current.rpartition(".")
    entries = inside(tree([], current), parent)
    return [*(f"{parent}{dot}{name}" for name in entries), *(() if parent else GROUPS)]


def tree(words: list[str], current: str) -> Any:
    """The run whose fields are offered: as declared, or composed where strategies are asked for."""
    from leukosim.config.schema import Config
    from leukosim.errors import ConfigError

    if not current.startswith("strategies."):
        return Config()
    from leukosim.config.compose import compose

    try:
        return compose([word for word in words[1:] if "=" in word], *own_folders(words)[:1])
    except ConfigError:  # of words that are not finished
        return Config()


def at(record: Any, path: str) -> Any:
    """What stands at a path in a tree of dataclasses; None where nothing does."""
    for name in filter(None, path.split(".")):
        record = entries_of(record).get(name)
    return record


def inside(record: Any, path: str) -> dict[str, Any]:
    """The fields or entries at a path, by name."""
    return entries_of(at(record, path))


def entries_of(record: Any) -> dict[str, Any]:
    """The fields of a dataclass, or the entries of a mapping."""
    if isinstance(record, Mapping):
        return {str(name): each for name, each in record.items()}
    if is_dataclass(record):
        return {each.name: getattr(record, each.name) for each in fields(record)}
    return {}


def own_folders(words: list[str]) -> list[Path]:
    """The folders named after ``--config-dir``."""
    named = [after for option, after in pairwise(words) if option == OF_HYDRA[2]]
    return [Path(each) for each in named]


def folders(current: str, with_result: bool = False) -> list[str]:
    """Folders that a path can become; those that hold a result without the last slash."""
    from leukosim.results import output_folder  # which imports xarray

    found = []
    for path in entries(current):
        if path.is_dir():
            is_result = with_result and (path / output_folder.RESULTS).is_file()
            found.append(shown(path, current) + ("" if is_result else "/"))
    return found


def files(current: str) -> list[str]:
    """Files that a path can become."""
    return [shown(path, current) for path in entries(current) if path.is_file()]


def entries(current: str) -> list[Path]:
    """The entries of the folder of a path that is being typed."""
    parent, _, name = current.rpartition("/")
    folder = Path(f"{parent}/" if current.startswith("/") or parent else ".").expanduser()
    try:
        found = sorted(folder.iterdir())
    except OSError:
        return []
    return [path for path in found if name.startswith(".") or not path.name.startswith(".")]


def shown(path: Path, current: str) -> str:
    """A path as it was begun."""
    parent, slash, _ = current.rpartition("/")
    return f"{parent}{slash}{path.name}"
