"""Topics of the help: how strategies and drugs are written, from the classes that check them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

from leukosim.biology.exposure import EXPOSURES
from leukosim.clinic.drugs.custom_drug import CustomDrug, OwnPharmacokinetics
from leukosim.clinic.drugs.drug import Effect
from leukosim.clinic.drugs.formulary import declared_drugs
from leukosim.clinic.strategy.regimens import Dosing, Regimen
from leukosim.clinic.strategy.rules import ACTIONS, MEASURES, Rule, Strategy
from leukosim.reports.help.choices import choices_of
from leukosim.reports.help.declared import docstring_of, every_field, summary_of
from leukosim.reports.help.layout import block, field_lines, field_table, in_columns, paragraph


@dataclass(frozen=True)
class Example:
    """A file of a user's own, in a folder that ``--config-dir`` names."""

    path: str  # in that folder
    text: str


@dataclass(frozen=True)
class Part:
    """A part of a topic: paragraphs, then fields of a class, or names with their meaning."""

    title: str
    paragraphs: Sequence[str] = ()
    kind: type | None = None
    heads: tuple[str, str] = ("name", "meaning")
    names: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Topic:
    """What is explained, a complete example, and the command that runs it."""

    title: str
    intro: str
    parts: Sequence[Part]
    examples: Sequence[Example]
    command: str


def example(path: str) -> Example:
    """An example of this package, under the path that it has in a user's folder."""
    name = path.rpartition("/")[2]
    folder = files("leukosim.reports.help") / "examples"
    return Example(path, (folder / name).read_text(encoding="utf-8"))


def strategy() -> Topic:
    """How a strategy is written."""
    return Topic(
        "Strategies",
        "A strategy is an arm: regimens, which of them a patient begins with, and rules that look "
        "at laboratory reports and act. It is a YAML file NAME.yaml in the folder strategy of a "
        "folder of your own; its first line is `# @package strategies.NAME`.",
        (
            Part("Strategy", [summary_of(Strategy)], Strategy),
            Part("Regimen", [summary_of(Regimen)], Regimen),
            Part("Dosing", [summary_of(Dosing)], Dosing),
            Part("Rule", docstring_of(Rule), Rule),
            Part("Measures", ["What a rule looks at."], None, ("measure", "unit"), MEASURES),
            Part("Actions", ["What a rule does."], None, ("action", "meaning"), ACTIONS),
            Part(
                "Shared rules",
                ["Rules of the package that a strategy takes over in its defaults, as in "
                 "rules/relapse@rules; every strategy needs a rule that declares relapse."],
                None, ("file", "meaning"),
                {f"rules/{name}": said for name, said in choices_of("strategy/rules").items()},
            ),
        ),
        [example("mine/strategy/early.yaml")],
        "leukosim run --config-dir mine study=relaza2 'strategy=[early,triggered]' "
        "output=outputs/early",
    )  # fmt: skip


def drug() -> Topic:
    """How a drug is written."""
    return Topic(
        "Drugs",
        "A drug of your own is a YAML file in the folder extra of a folder of your own; its first "
        "line is `# @package drug.NAME`. Strategies give it by that name. Fields of the drugs of "
        "the package are changed as drug.NAME.field=value: leukosim run --help drug lists them.",
        (
            Part("Drug", docstring_of(CustomDrug), CustomDrug),
            Part("Pharmacokinetics", [summary_of(OwnPharmacokinetics)], OwnPharmacokinetics),
            Part("Effect", docstring_of(Effect), Effect),
            Part(
                "Exposures", ["What an effect can act on, each with its unit."],
                None, ("exposure", "unit and meaning"),
                {name: f"{unit}: {meaning}" for name, (unit, meaning) in EXPOSURES.items()},
            ),
            Part(
                "Drugs of the package", [], None, ("drug", "meaning"),
                {name: summary_of(type(each)) for name, each in declared_drugs().items()},
            ),
        ),
        [example("mine/extra/mcl1.yaml"), example("mine/strategy/mcl1_weekly.yaml")],
        "leukosim run --config-dir mine +extra=mcl1 study=relaza2 'strategy=[mcl1_weekly]' "
        "output=outputs/mcl1",
    )  # fmt: skip


TOPICS = {"strategy": strategy, "drug": drug}


def topic_text(name: str) -> str:
    """A topic as text of a terminal."""
    topic = TOPICS[name]()
    lines = [topic.title, "", paragraph(topic.intro)]
    for part in topic.parts:
        lines += ["", f"{part.title}:"]
        for said in part.paragraphs:
            lines += [said if said.startswith("    ") else paragraph(said, "  "), ""]
        if part.kind is not None:
            lines += field_lines(every_field(part.kind))
        if part.names:
            lines += in_columns([(each, [said]) for each, said in part.names.items()])
        while lines[-1] == "":
            lines.pop()
    for each in topic.examples:
        lines += ["", f"Example {each.path}:", ""]
        lines += [f"  {line}".rstrip() for line in each.text.splitlines()]
    return "\n".join([*lines, "", f"  {topic.command}"]) + "\n"


def topics_page(names: Iterable[str]) -> str:
    """Topics as a page in Markdown."""
    topics = [TOPICS[name]() for name in names]
    title = " and ".join([topics[0].title, *(each.title.lower() for each in topics[1:])])
    lines = [
        f"# {title}",
        "",
        "Made by `make docs` from the declarations in the code; do not edit. On the command line: "
        + ", ".join(f"`leukosim help {name}`" for name in names) + ".",
        "",
    ]  # fmt: skip
    for topic in topics:
        lines += markdown_of(topic)
    return "\n".join(lines)


def markdown_of(topic: Topic) -> Iterator[str]:
    """The lines of a topic in Markdown."""
    yield from (f"## {topic.title}", "", topic.intro, "")
    for each in topic.examples:
        yield from (f"`{each.path}`:", "", *block(each.text, "yaml"), "")
    yield from (*block(topic.command), "")
    for part in topic.parts:
        yield from (f"### {part.title}", "")
        for said in part.paragraphs:
            yield from (said, "")
        if part.kind is not None:
            yield from (*field_table(every_field(part.kind)), "")
        if part.names:
            yield from (f"| {' | '.join(part.heads)} |", "| --- | --- |")
            yield from (f"| `{name}` | {said} |" for name, said in part.names.items())
            yield ""
