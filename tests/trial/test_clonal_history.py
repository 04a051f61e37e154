"""Clones as they are written down: nothing lost, ancestors right, and only as many as asked for."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from leukosim.biology.clones import Driver, Founder, Mutation
from leukosim.biology.disease import Disease
from leukosim.marrow.marrow import Marrow
from leukosim.marrow.newick import newick
from leukosim.runs.trials import run_trial
from leukosim.trial.clonal_history import ClonalHistory, CloneRecord
from leukosim.trial.protocol import Protocol

THREE = (
    Founder("trunk", -1, 0.5, ("NPM1",)),
    Founder("a", 0, 0.3, ("FLT3-ITD",)),
    Founder("b", 1, 0.2, ("RAS",)),
)


@pytest.fixture(scope="module")
def patient(make_patient):
    mutation = Mutation(driver_probability=0.01, arising=["RUNX1", "IDH1"])
    return make_patient(
        disease=Disease(mutation=mutation), founders=THREE, residual_stem_cells=60,
        death_rate=0.0,
    )  # fmt: skip


def followed(patient, strategies, clones=6, **changes):
    protocol = Protocol(horizon_days=300, record=CloneRecord(clones=clones, barcodes=True))
    return run_trial([patient], strategies, replace(protocol, **changes)).dataset


@pytest.fixture(scope="module")
def ds(patient, strategies):
    return followed(patient, strategies)


def test_small_clones_are_gathered_and_no_cell_is_lost(ds):
    assert (ds.clones_ever > 6).any()
    assert (ds.clone_name != "").sum("clone").max() == 6
    for by_clone, total in (("stem_cells_by_clone", ds.stem_cells), ("blasts_by_clone", None)):
        summed = ds[by_clone].sum("clone", skipna=False)
        if total is None:
            total, summed = ds.blasts, summed.sum("subtype", skipna=False)
        dims = list(total.dims)
        np.testing.assert_allclose(summed.transpose(*dims), total, rtol=1e-9, atol=1e-9)


def test_recording_clones_changes_nothing_else(patient, strategies, ds):
    """Blasts are summed row by row, in another order: equal but for the last bits."""
    plain = followed(patient, strategies, clones=0)
    for name in plain.data_vars:
        if "ancestors" not in name:
            if plain[name].dtype.kind == "f":
                xr.testing.assert_allclose(plain[name], ds[name], rtol=1e-9)
            else:
                xr.testing.assert_equal(plain[name], ds[name])


def test_mothers_come_before_daughters_and_genotypes_add_up(ds):
    for arm in ds.arm.values:
        one = ds.sel(arm=arm).isel(patient=0)
        names = [str(name) for name in one.clone_name.values if name]
        parent = one.clone_parent.values[: len(names)].astype(int)
        assert names[:3] == ["trunk", "a", "b"]
        assert parent[:3].tolist() == [-1, 0, 1]
        for i in range(1, len(names)):
            assert parent[i] < i
            mine = str(one.clone_genotype.values[i]).split()
            mothers = str(one.clone_genotype.values[parent[i]]).split()
            assert set(mothers) <= set(mine)
            assert str(one.clone_driver.values[i]) in mine
            assert one.clone_founded_day[i] >= one.clone_founded_day[parent[i]]
        assert one.clone_tree.item() == newick(
            names, parent, one.clone_founded_day.values[: len(names)]
        )


def test_ancestors_of_a_relapse_are_at_most_the_residual_cells(ds):
    relapsed = ds.relapse_day.notnull().values
    assert relapsed.any()
    number = ds.ancestors_at_relapse.values[relapsed]
    assert ((number >= 1) & (number <= 60)).all()
    assert (ds.major_ancestors_at_relapse.values[relapsed] <= number).all()
    effective = ds.effective_ancestors_at_relapse.values[relapsed]
    assert ((effective >= 1.0) & (effective <= number + 1e-9)).all()
    assert np.isnan(ds.ancestors_at_relapse.values[~relapsed]).all()


def test_nothing_is_left_of_an_extinct_leukaemia_but_its_founders(make_patient):
    patient = make_patient(residual_stem_cells=0, founders=THREE)
    history = ClonalHistory(Marrow(patient), CloneRecord(clones=10))
    for day in (0.0, 30.0):
        if day:
            history.marrow.advance(day)
        history.note()
    table = history.table()
    assert table.name == ["trunk", "a", "b"]
    assert table.stem_cells.sum() == table.blasts.sum() == 0.0


def test_what_is_noted_does_not_grow_with_the_clones_there_are(make_patient):
    mutation = Mutation(driver_probability=1.0, arising=["neutral"], drivers={"neutral": Driver()})
    marrow = Marrow(make_patient(disease=Disease(mutation=mutation), residual_stem_cells=300))
    history = ClonalHistory(marrow, CloneRecord(clones=5))
    for day in range(1, 60):
        marrow.advance(float(day))
        history.note()
    assert marrow.clones.number[1] > 10_000
    assert max(len(keys) for _, keys, _, _ in history.notes) <= 21
    table = history.table()
    assert len(table.name) == 5
    assert table.stem_cells[-1].sum() == marrow.stem_cells.sum()
