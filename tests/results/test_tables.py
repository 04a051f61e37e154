"""Tables on disk hold what was written, in however many blocks."""

import numpy as np
import pandas as pd
import pytest

from leukosim.results.tables import WRITERS, write_csv

TABLE = pd.DataFrame(
    {
        "number": [1, 2, 3, 4],
        "day": [60.0, np.nan, 1 / 3, 1e-300],
        "text": np.array(["plain", "", 'a "quoted", text', "two\nlines"], object),
        "a, b": np.array(["x", "y", "", "x"], object),
    }
)


def read(path):
    if path.suffix == ".csv":
        return pd.read_csv(path, keep_default_na=False, na_values={"day": [""]})
    return pd.read_parquet(path)


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize("rows", [1, 3, 4])
def test_what_is_read_is_what_was_written_to_the_last_bit(form, rows, tmp_path):
    if form == "parquet":
        pytest.importorskip("pyarrow")
    path = tmp_path / f"table.{form}"
    WRITERS[form]((TABLE[i : i + rows] for i in range(0, len(TABLE), rows)), path)
    pd.testing.assert_frame_equal(read(path), TABLE, check_exact=True, check_dtype=False)


def test_whole_numbers_have_no_point_and_what_is_missing_is_empty(tmp_path):
    write_csv([TABLE[:2]], tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_text().splitlines() == [
        'number,day,text,"a, b"', "1,60,plain,x", "2,,,y",
    ]  # fmt: skip
