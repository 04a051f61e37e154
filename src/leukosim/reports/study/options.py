"""What can be asked of the page of a study."""

from dataclasses import dataclass

from leukosim.parameters import check_ranges, setting


@dataclass(frozen=True)
class Report:
    """What is asked of a page."""

    title: str = ""  # of the page; empty: the name of the study
    question: str = ""  # of the study; empty: the one that the study's file opens with
    against: str = ""  # the arm that others are compared with; empty: the usual control
    resamples: int = setting(
        2000, "resamples", lowest=100, highest=100_000, note="of the patients, for intervals"
    )
    seed: int = setting(1, "1", lowest=0, highest=2**32 - 1, note="of resampling")
    output: str = ""  # folder; empty: that of the result

    __post_init__ = check_ranges
