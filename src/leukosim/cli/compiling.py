"""``leukosim warmup``, and compiling before anything else starts."""

import time

from rich.console import Console

from leukosim.cli.exit_codes import say
from leukosim.config.schema import Config
from leukosim.errors import ConfigError
from leukosim.runs.warmup import compile_engine, is_compiled


def warmup(words: list[str]) -> int:
    """``leukosim warmup``."""
    if words:
        raise ConfigError(f"warmup takes nothing, and {words[0]} was given")
    started = time.perf_counter()
    was_there = is_compiled()
    folder = compile_engine()
    state = "was compiled already" if was_there else "is compiled"
    say(f"the engine {state} ({time.perf_counter() - started:.0f} s): {folder}")
    return 0


def compile_first(console: Console, config: Config) -> None:
    """Compile the engine in this process, before others start that would each do so."""
    if not config.executor.is_elsewhere:
        compile_once(console)


def compile_once(console: Console) -> None:
    """Compile the engine, unless that was done before, and say why nothing moves meanwhile."""
    if is_compiled():
        return
    console.print("Compiling the engine; only the first run of this version does (about 20 s).")
    compile_engine()
