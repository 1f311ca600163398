"""Progress in a log file: plain lines with rate and time left."""

import pytest

from tms.io.progress import Progress


class Clock:
    """Seconds that a test moves by hand."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_a_line_every_interval_and_one_at_the_end(clock, capsys):
    with Progress(100, "harvest", "rows", interval=10, clock=clock) as progress:
        for _ in range(100):
            clock.now += 0.25
            progress.advance()
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "harvest: 40/100 rows (40 %), 4.0 rows/s, 15 s left",
        "harvest: 80/100 rows (80 %), 4.0 rows/s, 5 s left",
        "harvest: 100/100 rows (100 %), 4.0 rows/s, 0 s left",
    ]


def test_the_note_comes_last(clock, capsys):
    progress = Progress(1, "train", "steps", clock=clock)
    clock.now = 2.0
    progress.advance(note="loss 1.25")
    assert capsys.readouterr().err == "train: 1/1 steps (100 %), 0.5 steps/s, 0 s left, loss 1.25\n"


def test_nothing_done_yet_has_no_rate(clock):
    assert Progress(5, "x", "rows", clock=clock).line() == "x: 0/5 rows (0 %), 0.0 rows/s, inf s left"
