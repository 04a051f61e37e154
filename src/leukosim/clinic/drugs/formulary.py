"""The formulary: every drug that a regimen can give, by name."""

from collections.abc import Mapping
from typing import Any

from leukosim.clinic.drugs.azacitidine import Azacitidine
from leukosim.clinic.drugs.bclxl_inhibitor import BclxlDegrader, Navitoclax
from leukosim.clinic.drugs.custom_drug import CustomDrug
from leukosim.clinic.drugs.cytarabine import Cytarabine
from leukosim.clinic.drugs.drug import Drug
from leukosim.clinic.drugs.motixafortide import Motixafortide
from leukosim.clinic.drugs.venetoclax import Venetoclax


def declared_drugs() -> dict[str, Any]:
    """The numbers of the drugs that leukosim knows, by name."""
    return {
        "azacitidine": Azacitidine(),
        "venetoclax": Venetoclax(),
        "navitoclax": Navitoclax(),
        "bclxl_degrader": BclxlDegrader(),
        "cytarabine": Cytarabine(),
        "motixafortide": Motixafortide(),
    }


def formulary(
    declared: Mapping[str, Any] | None = None, cyp3a_inhibitor: bool = False
) -> dict[str, Drug]:
    """Drugs by name, ready to be given.

    Parameters
    ----------
    declared : numbers by name; by default those of :func:`declared_drugs`
    cyp3a_inhibitor : whether a strong inhibitor of CYP3A is taken, too; it slows down venetoclax
    """
    made = {}
    for name, numbers in (declared_drugs() if declared is None else declared).items():
        if isinstance(numbers, CustomDrug):
            made[name] = numbers.drug(name)
        elif isinstance(numbers, Venetoclax):
            made[name] = numbers.drug(cyp3a_inhibitor)
        else:
            made[name] = numbers.drug()
    return made
