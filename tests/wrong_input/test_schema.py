"""Any value of any field of a configuration is accepted, or refused in a sentence with its name."""

from dataclasses import fields, is_dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leukosim.config.compose import as_plain, compose, default_config, read_plain
from leukosim.config.interpolation import with_value
from leukosim.errors import ConfigError

EXAMPLES = 600


def leaves(record, path=()):
    """Every field of a tree of dataclasses and mappings that holds a value."""
    entries = (
        [(each.name, getattr(record, each.name), each.metadata) for each in fields(record)]
        if is_dataclass(record)
        else [(name, each, {}) for name, each in record.items()]
    )
    for name, value, metadata in entries:
        here = (*path, name)
        if is_dataclass(value) or (isinstance(value, dict) and value):
            yield from leaves(value, here)
        else:
            yield here, metadata


@pytest.fixture(scope="module")
def known():
    """Plain data and their configuration, of which what does not change is taken over."""
    plain = as_plain(compose())
    return plain, read_plain(plain)


LEAVES = list(leaves(default_config()))
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20),
    st.sampled_from([0, 1, -1, 2**70, 1e300, "", "trigger", "null", "1e-3", "a\nb", "\0"]),
)  # fmt: skip
VALUES = st.one_of(
    SCALARS,
    st.lists(SCALARS, max_size=3),
    st.dictionaries(st.text(max_size=5), SCALARS, max_size=2),
)


def test_the_schema_has_many_fields():
    assert len(LEAVES) > 200


@given(leaf=st.sampled_from(LEAVES), value=VALUES)
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
def test_any_value_is_accepted_or_named(known, leaf, value):
    path, _ = leaf
    check(known, path, value)


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: ".".join(leaf[0]))
def test_values_out_of_range_are_refused_with_unit_and_range(known, leaf):
    path, metadata = leaf
    if "lowest" not in metadata:
        pytest.skip("it has no range")
    wrong = [metadata["lowest"] - 1, float("nan"), float("inf"), "many", True]
    if metadata["highest"] < float("inf"):
        wrong.append(metadata["highest"] + abs(metadata["highest"]) + 1)
    for value in wrong:
        sentence = check(known, path, value)
        assert sentence, f"{value} was accepted"
        assert (
            metadata["unit"] in sentence or metadata["unit"] == "1" or " is not a list" in sentence
        )


def check(known, path, value):
    """The sentence on a value, which names its field; empty where it is accepted."""
    changed = with_value(known[0], path, value)
    try:
        read_plain(changed, known)
    except ConfigError as error:
        sentence = str(error)
        assert "\n" not in sentence
        assert path[-1] in sentence or path[-2] in sentence, sentence
        return sentence
    return ""
