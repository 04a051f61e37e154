"""What `leukosim warmup` compiles is all that a run needs."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.end_to_end


def test_no_run_compiles_anything_after_a_warmup(tmp_path):
    surroundings = dict(os.environ, XDG_CACHE_HOME=str(tmp_path / "cache"))
    surroundings.pop("NUMBA_CACHE_DIR", None)

    def call(*words):
        program = "from leukosim.cli import drawing, main; drawing.draw = lambda *_: 0; main()"
        done = subprocess.run(
            [sys.executable, "-c", program, *words],
            cwd=tmp_path, env=surroundings, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout + done.stderr

    def compiled():
        return {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.nb?")}

    assert "the engine is compiled" in call("warmup")
    before = compiled()
    assert before
    few = ["cohort.size=2", "horizon_days=60"]
    assert "Compiling" not in call("run", *few, "output=a")
    call("run", *few, "output=b", "kernel.method=direct", "cohort=after_consolidation")
    call("run", *few, "output=c", "study=blast", "cohort.size=3")
    clonal = ["study=clonal_relapse", "cohort.residual_log10_mean=1"]
    call("run", *few, "output=d", *clonal)
    assert compiled() == before
    assert "was compiled already" in call("warmup")
