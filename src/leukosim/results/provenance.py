"""Where a result comes from: configuration, code, libraries, and the digest of these."""

import hashlib
import json
import subprocess
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import leukosim
from leukosim import __version__

PACKAGE = Path(leukosim.__file__).parent

# Fields of a configuration that cannot change a number of a result.
WITHOUT_INFLUENCE = ("output", "overwrite", "tables", "executor", "search")
# Source files and folders that can: a message mended elsewhere runs no kept scenario again. A test
# compares them with what a trial imports.
MAKES_NUMBERS = (
    "biology", "clinic", "marrow", "trial", "parameters.py", "random_streams.py",
    "results/trajectories.py", "results/units.py", "results/variables.py", "runs/configured.py",
    # the randomised trial around the trajectories, which a study may ask for
    "analysis/endpoints.py", "analysis/subgroup_effects.py",
    "analysis/trial_emulation/randomised_trial.py", "analysis/trial_emulation/trial_model.py",
)  # fmt: skip


def identity_of(plain: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a configuration that decides the numbers."""
    identity = {name: each for name, each in plain.items() if name not in WITHOUT_INFLUENCE}
    identity["strategies"] = {arm: plain["strategies"][arm] for arm in plain["arms"]}  # in order
    return identity


def digest_of(identity: Mapping[str, Any]) -> str:
    """A name for exactly these numbers: configuration, code, and the libraries that draw."""
    content = json.dumps([identity, software()])
    return hashlib.sha256(content.encode()).hexdigest()[:20]


@cache
def software() -> str:
    """The code and the libraries that draw, as of this process."""
    libraries = (
        f"{name} {version(name)}" for name in ("numpy", "numba", "scipy", "mesa", "lifelines")
    )
    return ", ".join([f"leukosim {code_digest()}", *libraries])


@cache
def code_digest() -> str:
    """A name for exactly this simulation: the sources that can change a number."""
    digest = hashlib.sha256()
    for name in MAKES_NUMBERS:
        path = PACKAGE / name
        for source in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def provenance(identity: Mapping[str, Any], digest: str) -> dict[str, str]:
    """Attributes that say where a result comes from."""
    return {
        "Conventions": "CF-1.11",
        "title": f"leukosim: {identity['study']}",
        "source": f"leukosim {__version__}",
        "seed": str(identity["seed"]),
        "config": json.dumps(identity),
        "digest": digest,
        "code_digest": code_digest(),
        "commit": commit(),
        "versions": json.dumps(
            {name: version(name) for name in ("numpy", "numba", "scipy", "xarray")}
        ),
    }


def commit() -> str:
    """The commit of a checkout, with ``+`` if it has changes; empty for an installed package."""
    ask = ["git", "-C", str(PACKAGE)]
    try:
        top = run([*ask, "rev-parse", "--show-toplevel"])
        if Path(top) / "src" / "leukosim" != PACKAGE:
            return ""  # someone else's repository, around an installation
        changed = run([*ask, "status", "--porcelain", "--untracked-files=no", str(PACKAGE)])
        return run([*ask, "rev-parse", "HEAD"]) + ("+" if changed else "")
    except (OSError, subprocess.SubprocessError):
        return ""


def run(command: list[str]) -> str:
    """What a command prints."""
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    return done.stdout.strip()


def what_differs(attributes: Mapping[str, Any], identity: Mapping[str, Any]) -> str:
    """In a few words, how the run that left a result differs from this one."""
    if "config" not in attributes:
        return "another kind"
    there = flat(json.loads(attributes["config"]))
    here = flat(json.loads(json.dumps(identity)))
    names = [name for name in {**here, **there} if here.get(name) != there.get(name)]
    if not names:
        return "another version of the code"
    name = names[0]
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return (
        f"another configuration ({name} = {there.get(name, 'absent')} there, "
        f"{here.get(name, 'absent')} here{more})"
    )


def differences(first: Any, other: Any, path: str = "") -> dict[str, Any]:
    """The leaves of a tree of mappings that differ from those of a first one; None: not there."""
    if first is other or first == other:
        return {}
    if not (isinstance(first, Mapping) and isinstance(other, Mapping)):
        return {path: other}
    return {
        key: value
        for name in {**first, **other}
        for key, value in differences(
            first.get(name), other.get(name), f"{path}.{name}" if path else str(name)
        ).items()
    }


def flat(tree: Any, path: str = "") -> dict[str, Any]:
    """A tree of mappings as one mapping from paths to values."""
    if not isinstance(tree, Mapping):
        return {path: tree}
    return {
        key: value
        for name, child in tree.items()
        for key, value in flat(child, f"{path}.{name}" if path else str(name)).items()
    }
