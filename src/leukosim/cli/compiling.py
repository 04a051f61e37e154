"""``leukosim warmup``: compile the engine before it is needed."""

import time

from leukosim.cli.exit_codes import say
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
