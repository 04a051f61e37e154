"""``leukosim verify``: the exact checks, and on request all evidence as a document."""

import argparse
import shlex
from datetime import UTC, datetime
from pathlib import Path

from leukosim.cli.arguments import parse
from leukosim.cli.exit_codes import FAILED, say
from leukosim.errors import ConfigError
from leukosim.results import atomic_write, output_folder
from leukosim.results.own_files import refuse_foreign
from leukosim.verification import verify as hold_against_exact_laws

PAGE = "evidence.html"


def verify(words: list[str]) -> int:
    """``leukosim verify``."""
    options = parse("verify", words)
    if options.words and not options.report:
        raise ConfigError("verify shows folders in a report: add --report PAGE")
    if options.report is not None and not options.report.strip():
        raise ConfigError("verify: --report is empty: it is a file.html or a folder")
    if not options.report:
        return 0 if hold_against_exact_laws(options.seed, options.quick).passed else FAILED
    return report(options, words)


def report(options: argparse.Namespace, words: list[str]) -> int:
    """Run the checks and write the document, as a page and, with the extra ``pdf``, as a PDF."""
    from leukosim.reports.document import can_typeset, html_of, pdf_of
    from leukosim.reports.evidence.dossier import Made, evidence, folders_named
    from leukosim.results.atomic_write import write_whole

    shown = folders_named(options.words)
    path = Path(options.report)
    page = path if path.suffix == ".html" else path / PAGE
    typeset = page.with_suffix(".pdf")
    refuse_foreign([page] if page.exists() else [typeset])  # both are written, the page first
    output_folder.prepare_folder(page.parent)
    checked = hold_against_exact_laws(options.seed, options.quick)
    made = Made(
        options.seed, checked.replicates, f"{datetime.now(UTC):%Y-%m-%d}",
        shlex.join(["leukosim", "verify", *words]),
    )  # fmt: skip
    document = evidence(checked.rows, made, shown)
    atomic_write.save_text(html_of(document), page)
    if can_typeset():
        pdf = pdf_of(document)
        write_whole(typeset, lambda to: to.write_bytes(pdf))
        say(f"{page}, {typeset.name}: the evidence, each in one file")
    else:
        say(f"{page}: the evidence in one file; as a PDF, too: pip install 'leukosim[pdf]'")
    return 0 if checked.passed else FAILED
