"""Units as UDUNITS reads them, which the CF conventions ask of a file, beside those people read.

Counts and ratios have no unit for UDUNITS: they are "1", and what was counted, such as cells or
cycles (which UDUNITS would take for an angle), stands in the attribute ``unit_label``.
"""

TEXT = "text"  # in place of a unit, of variables that hold texts

# Physical units by how the model writes them; any other is of a count or a ratio.
PHYSICAL = {
    **{
        unit: unit
        for unit in (
            "day", "hour", "minute", "week", "month", "year", "1/day", "1/year",
            "L", "L/day", "L/hour", "m2", "mg", "mg/m2", "g/mol", "nmol/L", "umol/L",
        )
    },
    "G/L": "1e9 L-1",
    "GiB": "1073741824 byte",
    "day of the cycle": "day",
    "hour of the day": "hour",
}  # fmt: skip


def unit_attributes(unit: str) -> dict[str, str]:
    """Attributes of a variable for its unit: ``units``, and ``unit_label`` where that says more."""
    if unit == TEXT:
        return {}
    udunits = PHYSICAL.get(unit, "1")
    return {"units": udunits} if unit in ("", udunits) else {"units": udunits, "unit_label": unit}
