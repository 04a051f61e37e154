"""The page on the architecture shows the code as it is."""

import ast
import re
from pathlib import Path

import pytest

import leukosim

PACKAGE = Path(leukosim.__file__).parent
BASE = {"errors", "parameters", "random_streams"}


@pytest.fixture(scope="module")
def page(request):
    path = request.config.rootpath / "docs" / "architecture.md"
    if not path.exists():
        pytest.skip("needs a checkout")
    return path.read_text(encoding="utf-8")


def imported():
    """Pairs of packages of which the first imports the second."""
    pairs = set()
    for path in PACKAGE.rglob("*.py"):
        user = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("leukosim"):
                parts = node.module.split(".")
                names = parts[1:2] or [each.name for each in node.names]
                pairs |= {(user, "base" if name in BASE else name) for name in names}
    known = {each.name for each in PACKAGE.iterdir() if (each / "__init__.py").exists()} | {"base"}
    return {(a, b) for a, b in pairs if a in known and b in known and a != b}


def reachable(arrows):
    """Pairs of packages between which arrows lead, directly or not."""
    pairs = set(arrows)
    while True:
        further = {(a, d) for a, b in pairs for c, d in pairs if b == c} - pairs
        if not further:
            return pairs
        pairs |= further


def test_every_import_follows_the_arrows_and_every_arrow_is_an_import(page):
    arrows = set(re.findall(r"^    (\w+) --> (\w+)$", page, re.MULTILINE))
    boxes = set(re.findall(r"^    (\w+)\[", page, re.MULTILINE))
    packages = {each.name for each in PACKAGE.iterdir() if (each / "__init__.py").exists()}
    assert boxes == packages | {"base"}
    pairs = imported()
    assert pairs - reachable(arrows) == set()
    assert arrows - pairs == set()


def test_every_file_and_name_on_the_page_is_there(page):
    named = re.findall(r"`((?:\w+/)+\w+\.py)(?:: ([\w.]+))?`", page)
    assert len(named) > 25
    for file, name in named:
        source = (PACKAGE / file).read_text(encoding="utf-8")
        for part in filter(None, name.split(".")):
            assert re.search(rf"^\s*(?:def|class) {part}\b", source, re.MULTILINE), (
                f"{file}: {name}"
            )
    for file in re.findall(r"`(configs/[\w/]+\.yaml)`", page):
        assert (PACKAGE.parents[1] / file).exists()
