"""``leukosim warmup``: compile the engine before it is needed."""

import time

from leukosim.cli.arguments import parse
from leukosim.cli.exit_codes import say
from leukosim.runs.warmup import compile_engine, is_compiled


def warmup(words: list[str]) -> int:
    """``leukosim warmup``."""
    parse("warmup", words)
    started = time.perf_counter()
    was_there = is_compiled()
    folder = compile_engine()
    state = "was compiled already" if was_there else "is compiled"
    say(f"the engine {state} ({time.perf_counter() - started:.0f} s): {folder}")
    return 0
