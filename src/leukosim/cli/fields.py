"""Verbs that take results and then fields: what a user wrote after them, checked."""

import typing
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from leukosim.cli.arguments import parse
from leukosim.config.compose import explain
from leukosim.config.reading import build
from leukosim.errors import ConfigError
from leukosim.results import netcdf, output_folder


def read_words(
    words: list[str], kind: type, verb: str, most: int, any_file: bool = False
) -> tuple[list[Path], Any]:
    """The results and the fields that follow a verb, checked.

    most : results that the verb takes
    any_file : whether a dataset will do that no run left, as one written from Python

    Raises
    ------
    ConfigError
    """
    words = parse(verb, words).words
    named = [word for word in words if "=" not in word]
    if not 1 <= len(named) <= most:
        wanted = "one result" if most == 1 else f"one to {most} results"
        raise ConfigError(
            f"{verb} needs {wanted}, each the folder or the results.nc in it, then field=value"
        )
    paths = []
    for name in named:
        path = output_folder.result_at(name)
        if path is None:
            raise ConfigError(f"{verb}: there is no result at {name!r}")
        if not any_file and "digest" not in netcdf.read_attributes(path):
            raise ConfigError(f"{verb}: {path} is not a result of leukosim")
        if path in paths:
            raise ConfigError(f"{verb}: {path} is named twice")
        paths.append(path)
    return paths, read_fields([word for word in words if "=" in word], kind, verb)


def read_fields(words: list[str], kind: type, verb: str) -> Any:
    """The fields of a verb, each as ``field=value``, checked.

    Raises
    ------
    ConfigError
    """
    try:
        fields = OmegaConf.to_container(
            OmegaConf.from_dotlist([as_list(word, kind) for word in words])
        )
    except (OmegaConfBaseException, YAMLError) as error:
        raise ConfigError(f"{verb}: {' '.join(words)} cannot be read: {explain(error)}") from None
    options: Any = build(kind, fields)
    if getattr(options, "output", ""):
        output_folder.folder_of(options.output)
    return options


def as_list(word: str, kind: type) -> str:
    """A field that holds a list, written as one: ``days=365,730`` is ``days=[365,730]``."""
    name, _, value = word.partition("=")
    is_list = typing.get_origin(typing.get_type_hints(kind).get(name)) is list
    if not is_list or value.lstrip().startswith("["):
        return word
    names = "(" in value  # of arms of a sweep, which hold commas themselves
    return f"{name}=[{quoted(value) if names else value}]"


def quoted(value: str) -> str:
    """A text that YAML takes as it is."""
    return "'" + value.replace("'", "''") + "'"


def without_folder(options: Any) -> dict[str, Any]:
    """What was asked for, but for where it is written, which changes nothing."""
    return {name: value for name, value in vars(options).items() if name != "output"}
