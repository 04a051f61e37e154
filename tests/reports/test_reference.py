"""Pages of the documentation that are made from the code are those that the code makes now."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from leukosim import cli
from leukosim.reports.reference import (
    ENTITIES,
    ON_A_DAY,
    commented_fields,
    odd_page,
    parameter_page,
    vocabulary_page,
)
from leukosim.trial import event_queue as queue

ROOT = Path(__file__).parents[2]
PAGES = {"parameters": parameter_page, "results": vocabulary_page, "odd": odd_page}
ELEMENTS = [
    "1. Purpose and patterns", "2. Entities, state variables and scales",
    "3. Process overview and scheduling", "4. Design concepts", "5. Initialisation",
    "6. Input data", "7. Submodels",
]  # fmt: skip
CONCEPTS = [
    "Basic principles", "Emergence", "Adaptation", "Objectives", "Learning", "Prediction",
    "Sensing", "Interaction", "Stochasticity", "Collectives", "Observation",
]  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_up_to_date(name):
    assert (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8") == PAGES[name](), "make docs"


def test_the_odd_has_every_element_and_every_design_concept():
    page = odd_page()
    assert re.findall(r"^## (\d.*)$", page, re.M) == ELEMENTS
    assert (
        re.findall(r"^\*\*([^*]+)\.\*\* ", page.partition("## 4.")[2].partition("## 5.")[0], re.M)
        == CONCEPTS
    )


def test_what_falls_on_a_day_is_said_in_order():
    kinds = [value for name, value in vars(queue).items() if name.isupper()]
    assert sorted(kinds) == sorted(ON_A_DAY)
    page = odd_page()
    places = [page.index(ON_A_DAY[kind]) for kind in sorted(kinds)]
    assert places == sorted(places)


@pytest.mark.parametrize("entity", ENTITIES)
def test_every_state_variable_is_listed(entity):
    declared = ENTITIES[entity]
    names = list(getattr(declared, "_fields", None) or declared.__dataclass_fields__)
    result = dict(commented_fields(declared))
    assert list(result) == names
    assert all(result.values())


def test_code_that_the_odd_points_to_is_there():
    result = re.findall(r"`((?:\w+/)*)(\w+)\.py(?:: ([\w, ]+))?`", odd_page())
    assert len(result) > 8
    for folder, file, names in result:
        module = import_module(f"leukosim.{folder.replace('/', '.')}{file}")
        for name in filter(None, names.split(", ")):
            assert hasattr(module, name), f"{file}.py has no {name}"


def test_the_page_is_printed(capsys):
    assert cli.main(["odd"]) == 0
    assert capsys.readouterr().out == odd_page()
