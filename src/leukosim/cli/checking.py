"""``leukosim verify``."""

import argparse

from leukosim.cli.words import FAILED
from leukosim.verification import verify as hold_against_exact_laws


def verify(words: list[str]) -> int:
    """``leukosim verify``."""
    parser = argparse.ArgumentParser(prog="leukosim verify")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    asked = parser.parse_args(words)
    return 0 if hold_against_exact_laws(seed=asked.seed, quick=asked.quick) else FAILED
