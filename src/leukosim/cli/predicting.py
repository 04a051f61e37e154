"""The verbs of validation: ``predict`` freezes what the model says, ``validate`` compares."""

from datetime import UTC, datetime
from pathlib import Path

from leukosim.analysis.predictions import (
    COMPARED,
    OBSERVED,
    PREDICTIONS,
    QUANTITIES,
    RECORD,
    Forecast,
    as_targets,
    compare,
    coverage,
    frozen,
    read_frozen,
    read_observed,
)
from leukosim.analysis.predictions import predict as predict_quantities
from leukosim.cli.arguments import parse
from leukosim.cli.drawing import FIGURES
from leukosim.cli.exit_codes import say
from leukosim.cli.reading import read_words
from leukosim.errors import ConfigError
from leukosim.figures.elements.save import save_figure
from leukosim.figures.elements.style import house_style
from leukosim.figures.trial.targets import targets_figure
from leukosim.results import atomic_write, netcdf, output_folder
from leukosim.results.own_files import refuse_foreign, refuse_foreign_figures

MOST = 9  # results


def predict(words: list[str]) -> int:
    """``leukosim predict``: a frozen table of what results say of quantities not fitted."""
    paths, options = read_words(words, Forecast, "predict", MOST)
    folder = Path(options.output)
    for name in (PREDICTIONS, RECORD):
        if (folder / name).exists():
            raise ConfigError(f"predict: {folder / name} is frozen: choose another output")
    results = [netcdf.load_dataset(path) for path in paths]
    table = predict_quantities(results, options)
    if table.empty:
        raise ConfigError("predict: none of these results holds an arm that a prediction needs")
    output_folder.prepare_folder(folder)
    text, record = frozen(table, results, options, f"{datetime.now(UTC):%Y-%m-%d}")
    atomic_write.write_together(
        {
            folder / PREDICTIONS: atomic_write.text_writer(text),
            folder / RECORD: atomic_write.text_writer(atomic_write.as_json(record)),
        }
    )
    missing = [each.id for each in QUANTITIES if each.id not in set(table["id"])]
    left = f"; not predicted from these results: {', '.join(missing)}" if missing else ""
    say(f"{folder}: {PREDICTIONS}, {RECORD}: {len(table)} predictions, "
        f"SHA-256 {record['sha256'][:12]}{left}")  # fmt: skip
    return 0


def validate(words: list[str]) -> int:
    """``leukosim validate``: observed values beside the predictions that were frozen."""
    words = parse("validate", words).words
    if not words:
        raise ConfigError(
            f"validate needs {OBSERVED}, and {PREDICTIONS} where that does not lie beside it"
        )
    observed = Path(words[0])
    try:
        observed = observed / OBSERVED if observed.is_dir() else observed
        is_there = observed.is_file()
    except (OSError, ValueError):  # a name that no file can have
        is_there = False
    if not is_there:
        raise ConfigError(f"validate: there is no file {words[0]!r}: it needs {OBSERVED}")
    predicted = Path(words[1]) if len(words) == 2 else observed.with_name(PREDICTIONS)
    predicted = predicted / PREDICTIONS if predicted.is_dir() else predicted
    refuse_foreign([observed.parent / COMPARED])
    refuse_foreign_figures(observed.parent / FIGURES, ["validation"])
    table, record = read_frozen(predicted)
    compared = compare(table, read_observed(observed, table))
    folder = observed.parent
    atomic_write.save_table(compared, folder / COMPARED)
    shown = as_targets(compared)
    with house_style():
        options = {"predictions": record["sha256"], "made": record["made"]}
        save_figure(targets_figure(shown), shown, folder / FIGURES, "validation", options=options)
    inside, known, p = coverage(compared)
    said = f"{inside} of {known} observed values lie in their 95 % intervals"
    said += f" (as few by chance: {p:.2g})" if known else ""
    say(f"{said}; predictions of {record['made']}, SHA-256 {record['sha256'][:12]}")
    say(f"{folder}: {COMPARED}, {FIGURES}/validation.*")
    return 0
