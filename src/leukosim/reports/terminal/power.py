"""What is printed of a proposed trial."""

import numpy as np
import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from leukosim.analysis.trial_emulation.power import SELECTED, Evidence
from leukosim.reports.terminal.formatting import with_interval


def power_tables(evidence: Evidence) -> list[Table | Text]:
    """What is proposed, the effect it would measure, and how many patients that takes."""
    return [
        Text(proposal_in_words(evidence)),
        effect_table(evidence),
        needed_table(evidence),
        Text(
            "Simulated trials are drawn from the virtual patients. In brackets 95 %, from "
            "resampling these: what chance there is in so few of them, not in the model's "
            "parameters. Assurance: power, averaged over that."
        ),
    ]


def proposal_in_words(evidence: Evidence) -> str:
    """The trial in a sentence or two."""
    design, proposal = evidence.design, evidence.proposal
    return (
        f"{evidence.arm} against {evidence.against}, one to one, to {evidence.endpoint}; accrual "
        f"over {design.accrual_months:g} months, median follow-up {design.follow_up_months:.3g} "
        f"months, {design.dropout_per_year:.0%} a year lost; Cox model, two-sided "
        f"{proposal.significance:.3g}."
    )


def effect_table(evidence: Evidence) -> Table:
    """The hazard ratio in each population."""
    table = Table(title="The effect under this design", box=SIMPLE_HEAD)
    table.add_column("enrolled")
    for heading in ("virtual patients", "with an event", "hazard ratio"):
        table.add_column(heading, justify="right")
    for row in evidence.effects.itertuples():
        ratio = pd.Series({"value": row.hazard_ratio, "low": row.low, "high": row.high})
        table.add_row(
            enrolled_in_words(row.enrolled, evidence.criterion), f"{row.virtual_patients:,}",
            f"{row.events:.0%}", with_interval(ratio, 2),
        )  # fmt: skip
    return table


def needed_table(evidence: Evidence) -> Table:
    """Patients for the power that is wanted, and how sure that is."""
    power = evidence.proposal.power
    table = Table(title=f"For {power:.0%} power", box=SIMPLE_HEAD)
    table.add_column("enrolled")
    for heading in ("patients", "events", "screened", "by formula", "assurance at that size"):
        table.add_column(heading, justify="right")
    for row in evidence.needed.itertuples():
        curve = evidence.curves[evidence.curves["enrolled"] == row.enrolled]
        sure = "–"
        if curve["patients"].min() <= row.patients <= curve["patients"].max():
            sure = f"{np.interp(row.patients, curve['patients'], curve['assurance']):.2f}"
        formula = f"{shown_size(row.by_formula)} ({shown_size(row.low)} to {shown_size(row.high)})"
        about = "about " if row.extrapolated and np.isfinite(row.patients) else ""
        table.add_row(
            enrolled_in_words(row.enrolled, evidence.criterion), about + shown_size(row.patients),
            shown_size(row.events), shown_size(row.screened), formula, sure,
        )  # fmt: skip
    return table


def enrolled_in_words(enrolled: str, criterion: str) -> str:
    """Who is enrolled, with what they are selected by."""
    return f"{enrolled} ({criterion})" if enrolled == SELECTED else enrolled


def shown_size(patients: float) -> str:
    """A number of patients, or that none is enough."""
    return f"{np.ceil(patients):,.0f}" if np.isfinite(patients) else "out of reach"
