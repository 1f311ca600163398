"""Time left of a run, against sums done by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms.cost_estimate.estimate import Estimate
from tms.cost_estimate.summary import Machine
from tms.planned_jobs.jobs import Job
from tms.status.time_left import TimeLeft


def job(rule: str, number: int, seconds: float, model: bool, needs: tuple[str, ...] = (), gpus: int = 0):
    return Estimate(
        Job(rule, {}, list(needs), [f"{rule}{number}"], gpus=gpus), seconds, trained=100.0 * model
    )


# prepare0, prepare1 -> train0 -> generate0 -> grade0; train1 beside it
RUN = [
    job("prepare", 0, 1, False),
    job("prepare", 1, 3, False),
    job("train", 0, 100, True, ("prepare0", "prepare1")),
    job("train", 1, 50, True, ("prepare0",)),
    job("generate", 0, 200, True, ("train0",)),
    job("grade", 0, 10, False, ("generate0",)),
]


def left(measured=(), running=(), said=(), failed=(), cores=1, run=RUN, gpus=0):
    return TimeLeft(run, Machine(gpus, cores)).seconds(dict(measured), dict(running), dict(said), set(failed))


def test_the_estimate_alone():
    assert left() == 364
    # Two cores: train1 beside train0.
    assert left(cores=2) == 3 + 100 + 200 + 10


def test_a_finished_job_s_stage_and_kind_take_its_measure():
    # One training took half: so do the other and the generation. Without a model each takes 2 s more.
    measured = {0: 3.0, 1: 5.0, 2: 50.0}
    assert left(measured) == 25 + 100 + 12
    # A measured stage has its own ratio.
    assert left({0: 3.0, 1: 5.0, 2: 50.0, 4: 400.0}) == 25 + 12


def test_a_running_job():
    measured = {0: 1.0, 1: 3.0, 3: 50.0}
    assert left(measured, {2: 30.0}) == 70 + 200 + 10
    # Its log knows better.
    assert left(measured, {2: 30.0}, {2: 300.0}) == 300 + 200 + 10
    # It has outrun its expectation, and its log says nothing.
    assert left(measured, {2: 400.0}) == 40 + 200 + 10


def test_what_needs_a_failed_job_does_not_run():
    assert left({0: 1.0, 1: 3.0}, failed=[2]) == 50
    assert left({0: 1.0, 1: 3.0, 3: 50.0}, failed=[2]) == 0


def test_cards_that_are_not_there():
    assert left(run=[job("train", 0, 5, True, gpus=8)], gpus=4) is None
    assert left(run=[job("train", 0, 5, True, gpus=8)], gpus=8) == 5


def test_no_estimate_of_a_stage():
    run = [job("a", 0, 0, False), job("a", 1, 0, False), job("b", 0, 0, True), job("c", 0, 0, True)]
    assert left({0: 4.0}, run=run) == 4
    assert left({0: 4.0, 1: 4.0, 2: 6.0}, run=run) == 6


def test_by_estimate_until_a_job_with_a_model_is_measured():
    run = TimeLeft(RUN, Machine(0, 1))
    assert run.by_estimate({}) and run.by_estimate({0: 1.0, 1: 3.0})
    assert not run.by_estimate({3: 50.0})
    assert not TimeLeft(RUN[:2], Machine(0, 1)).by_estimate({})


@given(st.sets(st.integers(0, 5)), st.floats(0.01, 100), st.integers(1, 4))
def test_it_scales_with_the_machine(finished, speed, cores):
    """A machine `speed` times as slow in jobs with a model needs so much longer for those that are left."""
    run = [one for one in RUN if one.trained]
    measured = {index: speed * run[index].seconds for index in finished & {0, 1}}
    if measured:
        assert left(measured, run=run, cores=cores) == pytest.approx(
            speed * left({index: run[index].seconds for index in measured}, run=run, cores=cores)
        )
