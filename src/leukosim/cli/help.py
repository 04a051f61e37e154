"""``leukosim help``: verbs and topics explained."""

from pathlib import Path

from leukosim.cli.arguments import parse
from leukosim.cli.verb_help import commands_page, help_of, overview
from leukosim.cli.verbs import TOPICS, VERBS
from leukosim.errors import unknown
from leukosim.results.atomic_write import save_text


def help(words: list[str]) -> int:
    """``leukosim help``: all verbs, one verb, or a topic; as Markdown into a file."""
    options = parse("help", words)
    if options.markdown:
        save_text(markdown(options.words), Path(options.markdown))
    elif not options.words:
        print(overview(), end="")
    elif options.words[0] == "run":
        explain("run", options.words[1:])
    else:
        print("\n".join(map(text_of, options.words)), end="")
    return 0


def explain(name: str, words: list[str]) -> int:
    """Print the help of a verb or a topic; of a run, that of the sections among the words."""
    if name == "run":
        from leukosim.cli.run_help import run_help

        print(run_help(words), end="")
    else:
        print(text_of(name), end="")
    return 0


def text_of(name: str) -> str:
    """A verb or a topic as text."""
    if name in TOPICS:
        from leukosim.reports.help.topics import topic_text

        return topic_text(name)
    if name not in VERBS:
        raise unknown(name, [*VERBS, *TOPICS], "verb or topic")
    return help_of(name)


def markdown(names: list[str]) -> str:
    """Topics as a page, or all verbs."""
    from leukosim.reports.help.topics import topics_page

    if not names:
        return commands_page()
    for name in names:
        if name not in TOPICS:
            raise unknown(name, TOPICS, "topic")
    return topics_page(names)
