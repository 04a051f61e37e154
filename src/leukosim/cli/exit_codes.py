"""What all verbs say in the same way: lines on the screen and exit codes."""

FAILED, WRONG_INPUT, INTERRUPTED = 1, 2, 130


def say(words: str) -> None:
    """Print a line at once, also into a pipe."""
    print(words, flush=True)
