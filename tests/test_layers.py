"""The layout is a contract: each layer imports only the ones below it."""

import ast
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import leukosim
from leukosim.results.provenance import MAKES_NUMBERS

LINT = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"


@pytest.fixture
def copy(request, tmp_path):
    """The contract and the package, to be changed."""
    root = request.config.rootpath
    if not (root / "pyproject.toml").exists():
        pytest.skip("needs a checkout")
    pytest.importorskip("importlinter")
    shutil.copy(root / "pyproject.toml", tmp_path)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(root / "src" / "leukosim", tmp_path / "leukosim", ignore=ignored)
    return tmp_path


def contract(folder):
    """What the import linter says of a folder."""
    program = f"import sys; sys.path.insert(0, {str(folder)!r}); {LINT}"
    command = [sys.executable, "-c", program, "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_the_package_keeps_its_contract(copy):
    done = contract(copy)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("biology/disease.py", "from leukosim.trial.cohort import Cohort"),
        ("marrow/kernels/events.py", "import scipy.optimize"),
        ("marrow/marrow.py", "import omegaconf"),
        ("marrow/rates.py", "from leukosim.clinic.drugs.drug import Drug"),
        ("analysis/endpoints.py", "from leukosim.trial.protocol import Protocol"),
        ("analysis/survival.py", "from leukosim.biology.disease import Disease"),
        ("runs/sweep.py", "import hydra"),
        ("runs/sweep.py", "from leukosim.cli import main"),
    ],
)
def test_a_planted_import_breaks_it(copy, module, line):
    with (copy / "leukosim" / module).open("a") as file:
        file.write(f"\n{line}\n")
    done = contract(copy)
    assert done.returncode != 0
    assert "BROKEN" in done.stdout


def test_the_architecture_fits_on_a_screen(request):
    package = Path(leukosim.__file__).parent
    packages = [each.name for each in package.iterdir() if (each / "__init__.py").exists()]
    assert len(packages) <= 14
    assert len(list(package.glob("*.py"))) <= 6
    project = request.config.rootpath / "pyproject.toml"
    if project.exists():
        contracts = tomllib.loads(project.read_text())["tool"]["importlinter"]["contracts"]
        assert len(contracts[0]["layers"]) <= 12


def test_hydra_is_imported_by_one_package():
    package = Path(leukosim.__file__).parent
    users = {
        path.relative_to(package).parts[0]
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        and any(
            name.split(".")[0] == "hydra"
            for name in [getattr(node, "module", None) or "", *(each.name for each in node.names)]
        )
    }
    assert users == {"config"}


IMPORTED = """
import sys, pathlib, leukosim, leukosim.trial.run, leukosim.runs.configured
import leukosim.analysis.trial_emulation.trial_model
package = pathlib.Path(leukosim.__file__).parent
for name, module in sys.modules.items():
    if name.startswith("leukosim."):
        print(pathlib.Path(module.__file__).relative_to(package))
"""
# What a trial imports that cannot change a number of its result: configurations, whose values a
# result's digest holds, the executors, and wording of errors. ``__init__`` files hold no code.
# The options of a search name summaries of results, so checking them imports what computes these.
SUMMARISES = (
    "analysis/arm_summaries.py", "analysis/arms.py", "analysis/bootstrap.py",
    "analysis/measures.py", "analysis/stem_cell_composition.py", "analysis/survival.py",
)  # fmt: skip
CHANGES_NO_NUMBER = (
    "config", "runs/executors", "errors.py", "results/tables.py", "analysis/optimisation",
    *SUMMARISES,
)  # fmt: skip


def test_all_that_makes_numbers_is_in_the_digest_of_the_code():
    command = [sys.executable, "-c", IMPORTED]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    beyond = {
        path
        for path in done.stdout.split()
        if not path.startswith((*MAKES_NUMBERS, *CHANGES_NO_NUMBER))
        and not path.endswith("__init__.py")
    }
    assert beyond == set()
