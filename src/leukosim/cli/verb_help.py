"""The help of a verb, and of all verbs, as text and as Markdown."""

from collections.abc import Iterator
from importlib import import_module

from leukosim.cli.verbs import VERBS, Option, Verb
from leukosim.config.paths import config_folder
from leukosim.reports.help.declared import Described, described
from leukosim.reports.help.layout import block, field_lines, field_table, in_columns, paragraph

TITLE = "leukosim: acute myeloid leukaemia in remission and relapse, simulated cell by cell"
FIRST_STEPS = (
    "leukosim run study=relaza2 cohort.size=20",
    "leukosim compare outputs/relaza2",
    "leukosim help run",
)


def overview() -> str:
    """All verbs in a line each, the studies, and how to begin."""
    lines = [TITLE, "", "usage: leukosim VERB [words ...]", ""]
    lines += in_columns([(name, [each.summary]) for name, each in VERBS.items()])
    lines += ["", "  leukosim VERB --help explains a verb with its fields; leukosim --version"]
    lines += ["", paragraph(f"Studies: {', '.join(studies())}"), "", "Examples:"]
    lines += [f"  {example}" for example in FIRST_STEPS]
    return "\n".join(lines) + "\n"


def help_of(name: str) -> str:
    """The help of a verb: summary, usage, options, fields and examples."""
    verb = VERBS[name]
    lines = [paragraph(verb.summary), "", paragraph(usage(name))]
    rows = [(option_in_words(each), [facts_of(each)]) for each in verb.options]
    rows.append(("--help", ["shows this help"]))
    lines += ["", "Words:", *in_columns(rows)]
    fields = fields_of(verb)
    if fields:
        lines += ["", "Fields:", *field_lines(fields)]
    if verb.notes:
        lines += ["", paragraph(verb.notes)]
    lines += ["", "Examples:", *(f"  {example}" for example in verb.examples)]
    return "\n".join(lines) + "\n"


def commands_page() -> str:
    """``docs/commands.md``: every verb with its options and fields."""
    lines = [
        "# Commands", "",
        "Made by `make docs` from the declarations in the code; do not edit. On the command line, "
        "`leukosim VERB --help` shows the same of one verb, and `leukosim run --help SECTION` "
        "explains the fields of a section of a run.", "",
        "| verb | |", "| --- | --- |",
        *(f"| [`{name}`](#{name}) | {each.summary} |" for name, each in VERBS.items()), "",
    ]  # fmt: skip
    for name in VERBS:
        lines += markdown_of(name)
    return "\n".join(lines)


def markdown_of(name: str) -> Iterator[str]:
    """The lines of a verb in Markdown."""
    verb = VERBS[name]
    yield from (f"## {name}", "", verb.summary, "")
    yield from block(usage(name).removeprefix("usage: "))
    yield ""
    if verb.options:
        yield from ("| word | meaning |", "| --- | --- |")
        yield from (f"| `{option_in_words(each)}` | {facts_of(each)} |" for each in verb.options)
        yield ""
    fields = fields_of(verb)
    if fields:
        yield from (*field_table(fields), "")
    if verb.notes:
        yield from (verb.notes, "")
    yield from (*block("\n".join(verb.examples)), "")


def usage(name: str) -> str:
    """How a verb is called."""
    return f"usage: leukosim {name} {VERBS[name].usage}".rstrip()


def option_in_words(option: Option) -> str:
    """An option with the value that it takes."""
    if not option.name.startswith("-") or option.kind is bool:
        return option.name
    return f"{option.name} {'N' if option.kind is int else 'WORD'}"


def facts_of(option: Option) -> str:
    """What an option means, and its default where it has one."""
    if option.kind is bool or option.default is None:
        return option.meaning
    return f"{option.meaning} (default {option.default})"


def fields_of(verb: Verb) -> list[Described]:
    """The fields of a verb's own, from the dataclass that checks them."""
    if not verb.fields:
        return []
    module, _, kind = verb.fields.partition(":")
    return described(getattr(import_module(module), kind), prefix=verb.prefix)


def studies() -> list[str]:
    """The studies that come with the package."""
    return sorted(path.stem for path in (config_folder() / "study").glob("*.yaml"))
