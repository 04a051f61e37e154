"""Widths of figures and formats of their files."""

COLUMN, PAGE = 89.0, 183.0  # mm, widths of a journal

# What would change from one saving to the next.
UNDATED: dict[str, dict[str, None]] = {
    "pdf": {"CreationDate": None},
    "svg": {"Date": None},
    "png": {},
}
FORMATS: tuple[str, ...] = tuple(UNDATED)
