"""What is printed of a proposed trial."""

from typing import Any

import numpy as np
from rich.table import Table
from rich.text import Text

from leukosim.analysis.trial_emulation.power import SELECTED, Evidence
from leukosim.reports.terminal.formatting import Cell, frame_table, in_interval


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
    columns: dict[str, Cell] = {
        "enrolled": lambda row: enrolled_in_words(row.enrolled, evidence.criterion),
        "virtual patients": "{.virtual_patients:,}",
        "with an event": "{.events:.0%}",
        "hazard ratio": lambda row: in_interval(row.hazard_ratio, row.low, row.high, 2),
    }
    return frame_table("The effect under this design", evidence.effects, columns)


def needed_table(evidence: Evidence) -> Table:
    """Patients for the power that is wanted, and how sure that is."""

    def patients(row: Any) -> str:
        about = "about " if row.extrapolated and np.isfinite(row.patients) else ""
        return about + shown_size(row.patients)

    def assurance(row: Any) -> str:
        curve = evidence.curves[evidence.curves["enrolled"] == row.enrolled]
        if not curve["patients"].min() <= row.patients <= curve["patients"].max():
            return "–"
        return f"{np.interp(row.patients, curve['patients'], curve['assurance']):.2f}"

    columns: dict[str, Cell] = {
        "enrolled": lambda row: enrolled_in_words(row.enrolled, evidence.criterion),
        "patients": patients,
        "events": lambda row: shown_size(row.events),
        "screened": lambda row: shown_size(row.screened),
        "by formula": lambda row: (
            f"{shown_size(row.by_formula)} ({shown_size(row.low)} to {shown_size(row.high)})"
        ),
        "assurance at that size": assurance,
    }
    return frame_table(f"For {evidence.proposal.power:.0%} power", evidence.needed, columns)


def enrolled_in_words(enrolled: str, criterion: str) -> str:
    """Who is enrolled, with what they are selected by."""
    return f"{enrolled} ({criterion})" if enrolled == SELECTED else enrolled


def shown_size(patients: float) -> str:
    """A number of patients, or that none is enough."""
    return f"{np.ceil(patients):,.0f}" if np.isfinite(patients) else "out of reach"
