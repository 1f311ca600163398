"""Ten faults of `make torture`, on the first stages of its run."""

import pytest
from torture import trial, undisturbed
from torture.kinds import KINDS

pytestmark = pytest.mark.slow
TARGET = "data/chain/torture/contamination.json"
TEN = [
    *("kill_worker", "kill_snakemake", "term_snakemake", "interrupt_twice", "term_worker"),
    *("flip_bit", "cut_file", "delete_file", "read_only", "two_in_one_folder"),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The undisturbed run of the first stages, and its jobs."""
    folder = tmp_path_factory.mktemp("torture")
    return folder, undisturbed.make(folder / "undisturbed", TARGET)


@pytest.mark.parametrize("number", range(len(TEN)), ids=TEN)
def test_the_plain_command_mends_it(run, number):
    folder, jobs = run
    if why := KINDS[TEN[number]].needs():
        pytest.skip(why)
    result = trial.run(folder, folder / "undisturbed", jobs, number, 1, TEN)
    assert result["failures"] == [], result
