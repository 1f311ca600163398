"""Disk by file system: what lies on another disk is not asked of this one."""

import pytest

from tms.cost_estimate.estimate import Estimate
from tms.cost_estimate.file_systems import disk_words, file_systems, without_room
from tms.cost_estimate.summary import Machine
from tms.planned_jobs.jobs import Job


def estimate(output: str, bytes: float, state: float = 0.0, gpus: int = 1) -> Estimate:
    return Estimate(Job("r", {}, [], [output], gpus=gpus), 10.0, bytes=bytes, state=state)


ESTIMATES = [
    estimate("models/hub/m", 5e9, gpus=0),
    estimate("results/m/a/checkpoint", 1e9, state=2e9),
    estimate("results/m/b/checkpoint", 1e9, state=2e9),
    estimate("data/x/test.parquet", 0.0, gpus=0),
]


@pytest.fixture(autouse=True)
def folders(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("models", "results"):
        (tmp_path / name).mkdir()


def test_one_disk_takes_everything():
    (system,) = file_systems(ESTIMATES, Machine(2, 2), removing=False)
    assert system.folders == ("models", "results") and system.needed.kept == 7e9
    assert system.needed.peak == 5e9 + 2 * 3e9  # two cards: both states at once


def test_two_disks_each_take_their_own_and_one_card_one_state():
    found = file_systems(ESTIMATES, Machine(1, 2), False, device=lambda place: place.name == "models")
    needs = {system.folders: system.needed for system in found}
    assert needs[("models",)].peak == 5e9
    assert (needs[("results",)].kept, needs[("results",)].peak) == (2e9, 4e9)


def test_links_lead_to_the_disk_that_holds_the_files(tmp_path):
    (tmp_path / "models" / "hub").symlink_to(tmp_path / "large", target_is_directory=True)
    (tmp_path / "large").mkdir()
    asked = []
    file_systems(ESTIMATES, Machine(1, 1), False, device=lambda place: asked.append(place) or 1)
    assert asked[0] == (tmp_path / "large").resolve() and asked[3] == tmp_path.resolve()


def test_words():
    (system,) = file_systems(ESTIMATES, Machine(2, 2), False)
    assert disk_words(system).startswith("disk (models, results): 7 GB to stay, 11 GB at the peak")
    assert "make results a link" in without_room(system, removing=True)
