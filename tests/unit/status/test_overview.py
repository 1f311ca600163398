"""Jobs by state, and hours that were measured or are estimated."""

import pytest

from tms.planned_jobs.jobs import Job
from tms.status.overview import stages, states


def job(rule: str, number: int, gpus: int = 0) -> Job:
    return Job(rule, {}, [], [f"{rule}-{number}", f"{rule}-{number}.cost"], gpus=gpus)


JOBS = [job("prepare", 0), *(job("train", number, gpus=8) for number in range(4))]
LEFT = {path for one in JOBS[2:] for path in one.output}


def test_states():
    found = states(JOBS, LEFT, {"train-1.cost", "prepare-0"}, {"train-2", "train-1"})
    # A mark of a done job is none of its own: another command makes that file again.
    assert [state for _, state in found] == ["done", "done", "running", "failed", "waiting"]


def test_gpu_hours():
    found = states(JOBS, LEFT, {"train-1"}, {"train-2"})
    prepare, train, total = stages(found, lambda one: 1800.0, lambda one: 3600.0)
    assert (prepare.finished, train.finished) == (True, False)
    assert train.jobs == total.jobs | {"done": 1}
    assert (total.spent, total.left) == (pytest.approx(4.0), pytest.approx(24.0))
    assert prepare.spent == 0  # it took no card


def test_hours_of_jobs_where_none_takes_cards_and_no_estimate():
    found = states(JOBS[:1] * 2, (), (), ())
    (*_, total) = stages(found, lambda one: 900.0, None)
    assert (total.spent, total.left) == (pytest.approx(0.5), None)
    (*_, unmeasured) = stages(found, lambda one: None, None)
    assert unmeasured.spent == 0
