"""``leukosim status``: how far the folder of a run, sweep, search or sensitivity analysis is."""

import shlex
from pathlib import Path

from leukosim.cli.arguments import parse
from leukosim.cli.exit_codes import FAILED, say
from leukosim.errors import ConfigError
from leukosim.results.folder_state import Jobs
from leukosim.runs.status import Status, status_of

WHAT = {"run": "runs", "sweep": "scenarios", "search": "candidates", "sensitivity": "points"}
FEW = 3  # names in a row


def status(words: list[str]) -> int:
    """``leukosim status``; the exit code is 1 where scenarios have failed."""
    folders = parse("status", words).words
    if not folders:
        raise ConfigError("status needs one or more output folders, such as outputs/relaza2")
    states = [status_of(Path(name)) for name in folders]
    for state in states:
        for line in lines_of(state):
            say(line)
    return FAILED if any(state.failed for state in states) else 0


def lines_of(state: Status) -> list[str]:
    """What there is to say of a folder."""
    what = WHAT[state.plan.kind]
    # how many points a sensitivity analysis needs depends on what its steps find
    known = " so far" if state.plan.kind == "sensitivity" and not state.is_merged else ""
    lines = [f"{state.folder}: {state.plan.kind}, {activity(state)}"]
    if state.total:
        lines.append(f"  {state.finished} of {state.total} {what} finished{known}")
    else:
        lines.append("  nothing begun yet")
    lines += [
        f"    {step.folder.name}: {step.finished} of {step.total} scenarios" for step in state.steps
    ]
    if state.missing:
        lines.append(f"  missing: {in_a_row(state.missing)}")
    lines += failures(state)
    if state.plan.kind != "run":
        lines.append(f"  results: {'merged' if state.is_merged else 'not merged yet'}")
    if state.jobs is not None:
        lines += jobs(state, state.jobs)
    return lines + what_goes_on(state)


def activity(state: Status) -> str:
    """Whether somebody works on a folder."""
    if state.writer is not None:
        who, since = state.writer
        return f"running ({who}, since {since:%Y-%m-%d %H:%M:%S})"
    if state.queued:
        return "submitted"
    if state.queued is None:
        return "submitted; the queue does not answer here"
    return "finished" if state.is_merged else "not running"


def failures(state: Status) -> list[str]:
    """What failed and why, a line for each reason."""
    lines = []
    for words in dict.fromkeys(state.failed.values()):
        names = [name for name, why in state.failed.items() if why == words]
        lines.append(f"  failed: {in_a_row(names)}: {words}")
    return lines


def jobs(state: Status, submitted: Jobs) -> list[str]:
    """What became of submitted jobs."""
    if state.queued is None:
        return [f"  jobs: submitted on {submitted.machine}, ask there"]
    if not state.queued:
        if state.is_merged:
            return []
        return [f"  jobs: none in the queue any more; what they said: {submitted.log}"]
    counts = ", ".join(f"{n} {name.lower()}" for name, n in state.states.items())
    arrays = dict.fromkeys(number.partition("_")[0] for number in [*submitted.work, submitted.last])
    cancel = "scancel" if submitted.cluster == "slurm" else "kill"
    numbers = " ".join(arrays)
    return [f"  jobs in the queue: {counts} ({cancel} {numbers} ends them)"]


def what_goes_on(state: Status) -> list[str]:
    """The command that does the rest, where nobody works on it."""
    if state.is_done or state.writer is not None or state.queued:
        return []
    if not state.plan.command:
        return ["  the command or the call that began it goes on"]
    command = shlex.join(["leukosim", *state.plan.command])
    return [f"  the same command goes on, in {state.plan.directory}:", f"    {command}"]


def in_a_row(names: list[str]) -> str:
    """The first names, and how many more there are."""
    more = len(names) - FEW
    return "; ".join(names[:FEW]) + (f"; and {more} more" if more > 0 else "")
