"""Seconds that a cost counts: of the clock, or of CPU time."""

import time

import pytest

from tms.io import work_time
from tms.io.work_time import WorkTime


@pytest.fixture
def clocks(monkeypatch):
    """The time of both clocks, to be set."""
    now = {"monotonic": 100.0, "process_time": 10.0}
    for name in now:
        monkeypatch.setattr(work_time.time, name, lambda name=name: now[name])
    return now


@pytest.mark.parametrize(("threads", "seconds"), [(0, 60.0), (1, 8.0), (4, 2.0)])
def test_cards_count_the_clock_and_cpus_their_time_over_the_threads(clocks, threads, seconds):
    spent = WorkTime(threads)
    clocks.update(monotonic=160.0, process_time=18.0)
    assert spent.seconds == seconds


def test_what_is_uncounted_counts_for_nothing_though_it_fails(clocks):
    spent = WorkTime()
    spent.add(5)
    clocks["monotonic"] += 3
    with pytest.raises(OSError, match="disk"), spent.uncounted():
        clocks["monotonic"] += 40
        raise OSError("disk")
    clocks["monotonic"] += 2
    assert spent.seconds == 10
    spent.add(7)
    assert spent.seconds == 17


def test_a_process_that_waits_spends_nothing_on_cpus():
    spent = WorkTime(threads=1)
    time.sleep(0.5)
    assert spent.seconds < 0.4
