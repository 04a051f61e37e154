"""The verbs of the command line: what each takes, in one table.

The parser, the help, ``docs/commands.md`` and the completion of a shell all read this table, and it
imports nothing heavy. A new verb is one entry here and a function of its name in its module.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TOPICS = ("strategy", "drug")  # of the help
SHELLS = ("bash", "zsh", "fish")  # with completion


@dataclass(frozen=True)
class Option:
    """An option or a positional word of a verb."""

    name: str  # --port, or FOLDER of a positional word
    meaning: str
    kind: type = str  # bool: a switch
    default: Any = None
    count: str = "?"  # of positional words: "?" at most one, "*" any number
    allowed: tuple[int, int] | None = None  # of a whole number
    completes: str = ""  # "folder", "file", "result" or "verb": what a shell offers


@dataclass(frozen=True)
class Verb:
    """A verb: what it does, what it takes, and examples."""

    module: str  # of leukosim.cli
    summary: str
    usage: str  # what follows the verb
    examples: tuple[str, ...]
    options: tuple[Option, ...] = ()
    fields: str = ""  # the dataclass of field=value, as module:class
    prefix: str = ""  # of these fields
    composes: bool = False  # takes the groups and fields of a run, by Hydra
    notes: str = ""  # shown after the fields

    @property
    def takes_results(self) -> bool:
        """Whether it reads folders of results."""
        return any(each.completes == "result" for each in self.options)


RESULT = Option("FOLDER", "of a result, or its results.nc", completes="result")
RESULTS = Option("FOLDER", "of a result, or its results.nc; up to nine", count="*",
                 completes="result")  # fmt: skip
MARKDOWN = Option("--markdown", "write the page to this file in place of printing it",
                  completes="file")  # fmt: skip
OF_A_RUN = (
    "Every field and group of a run can be set as well: leukosim run --help lists them, "
    "leukosim run --help SECTION explains a section."
)

VERBS: Mapping[str, Verb] = {
    "run": Verb(
        "run",
        "Run a study into a folder: one dataset, a decision log and figures.",
        "[-m] [study=NAME] [group=NAME ...] [field=value ...]",
        (
            "leukosim run study=relaza2",
            "leukosim run study=relaza2 trigger.level=1e-3 cohort.size=50 output=outputs/mine",
            "leukosim run -m study=relaza2 trigger.level=1e-4,1e-3,1e-2",
            "leukosim run study=relaza2 --cfg job",
        ),
        composes=True,
        notes="With -m, fields with several values (a,b) are swept: one dataset of all scenarios. "
        "--cfg job shows the whole configuration and runs nothing; --config-dir FOLDER adds a "
        "folder of your own YAML files.",
    ),
    "search": Verb(
        "search",
        "Search for the best values of fields, within limits.",
        "study=NAME field=interval(a,b) ... [search.field=value ...]",
        (
            "leukosim search study=relaza2 'strategy=[triggered]' "
            "'trigger.level=tag(log,interval(1e-4,1e-1))' search.maximise=rmst "
            "search.at_most.drug_days=default",
        ),
        fields="leukosim.analysis.optimisation.search:Search", prefix="search.", composes=True,
        notes=OF_A_RUN,
    ),
    "status": Verb(
        "status",
        "Show what is finished, running, missing or failed in output folders.",
        "FOLDER [FOLDER ...]",
        ("leukosim status outputs/night",),
        (Option("FOLDER", "output folder of a run, sweep, search or sensitivity analysis",
                count="*", completes="folder"),),
        notes="The exit code is 1 if scenarios have failed.",
    ),
    "figures": Verb(
        "drawing",
        "Draw the figures of a result again, in another width or format.",
        "FOLDER [field=value ...]",
        ("leukosim figures outputs/relaza2 width_mm=89 format=pdf",
         "leukosim figures outputs/relaza2 only=relapse_free_survival output=outputs/paper"),
        (RESULT,), "leukosim.cli.drawing_options:Drawn",
    ),
    "compare": Verb(
        "reading",
        "Compare the arms of results, or the scenarios of a sweep, over the same patients.",
        "FOLDER [FOLDER ...] [field=value ...]",
        ("leukosim compare outputs/relaza2",
         "leukosim compare outputs/relaza2 against=maintenance days=365,730",
         "leukosim compare outputs/first outputs/second output=outputs/both"),
        (RESULTS,), "leukosim.analysis.comparison:Comparison",
    ),
    "power": Verb(
        "reading",
        "Estimate how many patients a trial of two arms would need.",
        "FOLDER [field=value ...]",
        ("leukosim power outputs/relaza2",
         "leukosim power outputs/relaza2 arm=triggered against=at_relapse power=0.9"),
        (RESULT,), "leukosim.analysis.trial_emulation.power:Proposal",
    ),
    "sensitivity": Verb(
        "sensitivity",
        "Find the parameters that decide a study's answer.",
        "study=NAME [field=value ...]",
        ("leukosim sensitivity study=relaza2 cohort.size=100 output=outputs/sensitivity",
         "leukosim sensitivity study=relaza2 only=disease.cycle trajectories=8"),
        (), "leukosim.analysis.sensitivity:Sensitivity", composes=True, notes=OF_A_RUN,
    ),
    "report": Verb(
        "reading",
        "Write one HTML page of a result: question, design, figures and numbers.",
        "FOLDER [field=value ...]",
        ("leukosim report outputs/relaza2",
         "leukosim report outputs/relaza2 title='MRD-triggered azacitidine'"),
        (RESULT,), "leukosim.reports.study.options:Report",
    ),
    "calibrate": Verb(
        "calibrate",
        "Fit parameters to the published targets, with their uncertainty.",
        "[field=value ...]",
        ("leukosim calibrate",
         "leukosim calibrate patients=12 waves=2 output=outputs/trial_fit"),
        (), "leukosim.runs.calibrate:Calibration",
    ),
    "page": Verb(
        "serving",
        "Follow one patient in the browser, day by day, with sliders for the parameters.",
        "[--port N] [--host NAME] [--no-open]",
        ("leukosim page", "leukosim page --port 8080 --no-open"),
        (Option("--port", "of the page, from 1 to 65535", int, 8765, allowed=(1, 65535)),
         Option("--host", "0.0.0.0 lets other machines see the page", str, "localhost"),
         Option("--no-open", "open no browser", bool, False)),
    ),
    "predict": Verb(
        "predicting",
        "Write a frozen table of predictions of quantities that were not fitted.",
        "FOLDER [FOLDER ...] [field=value ...]",
        ("leukosim predict outputs/relaza2 outputs/venetoclax_resistance",),
        (RESULTS,), "leukosim.analysis.predictions:Forecast",
    ),
    "validate": Verb(
        "predicting",
        "Compare observed values with the frozen predictions.",
        "FILE [PREDICTIONS]",
        ("leukosim validate outputs/validation/observed.csv",),
        (Option("FILE", "observed.csv, or its folder", completes="file"),
         Option("PREDICTIONS", "predictions.csv, where it does not lie beside the observed values",
                completes="file")),
    ),
    "verify": Verb(
        "checking",
        "Check the simulation kernel against exact results.",
        "[--quick] [--seed N] [--report PAGE [FOLDER ...]]",
        ("leukosim verify --quick",
         "leukosim verify --report outputs/evidence.html outputs/relaza2"),
        (Option("--seed", "of the simulations", int, 1, allowed=(0, 2**32 - 1)),
         Option("--quick", "a tenth of the repetitions", bool, False),
         Option("--report", "write all evidence: a file.html, or a folder for evidence.html",
                completes="file"),
         Option("FOLDER", "results, a calibration, a sensitivity analysis or predictions to show "
                "in the report", count="*", completes="folder")),
    ),
    "warmup": Verb(
        "compiling",
        "Compile the engine, so that no run has to wait for it.",
        "", ("leukosim warmup",),
    ),
    "parameters": Verb(
        "listing",
        "List every parameter with its unit, range and source.",
        "[--markdown FILE]",
        ("leukosim parameters", "leukosim parameters --markdown parameters.md"), (MARKDOWN,),
    ),
    "vocabulary": Verb(
        "listing",
        "List every variable of a result with its dimensions and unit.",
        "[--markdown FILE]",
        ("leukosim vocabulary",), (MARKDOWN,),
    ),
    "odd": Verb(
        "listing",
        "Describe the model by the ODD protocol.",
        "[--markdown FILE]",
        ("leukosim odd --markdown odd.md",), (MARKDOWN,),
    ),
    "completion": Verb(
        "completion",
        "Print the script that completes verbs, fields and folders in a shell.",
        "bash | zsh | fish",
        ('eval "$(leukosim completion bash)"                  in ~/.bashrc',
         'eval "$(leukosim completion zsh)"                   in ~/.zshrc, after compinit',
         "leukosim completion fish | source                   in ~/.config/fish/config.fish"),
        (Option("SHELL", "bash, zsh or fish", completes="shell"),),
    ),
    "help": Verb(
        "help",
        "Explain a verb, or a topic: strategy, drug.",
        "[VERB | strategy | drug] [--markdown FILE]",
        ("leukosim help", "leukosim help compare", "leukosim help strategy",
         "leukosim help strategy drug --markdown strategies.md"),
        (Option("TOPIC", "a verb, strategy or drug", count="*", completes="verb"), MARKDOWN),
    ),
}  # fmt: skip
