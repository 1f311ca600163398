"""The last line of progress in a job's log."""

import pytest

from tms.io.progress import Progress
from tms.status.job_log import Reported, reported


def test_what_the_programs_write_is_read(tmp_path, capsys):
    """`Progress` and this reader must agree on the line."""
    times = iter([0.0, 20.0, 20.0, 20.0, 40.0, 40.0, 40.0])
    with Progress(64, "train", "steps", clock=lambda: next(times)) as progress:
        progress.advance(8, "loss 1.25")
        progress.advance(8)
    log = tmp_path / "a.log"
    log.write_text("train_sft: 58 rows\n" + capsys.readouterr().err + "warning: 3/4 rows are empty\n")
    assert reported(log) == Reported("16/64 steps", 120.0)


@pytest.mark.parametrize(
    "text",
    [
        *(None, "", "train_sft: 58 rows\n", "x: 1/2 rows (50 %), 0.0 rows/s, inf s left\n"),
        f"x: 1/2 rows (50 %), 1.0 rows/s, {'9' * 400} s left\n",  # no number of seconds
    ],
)
def test_nothing_to_read(tmp_path, text):
    log = tmp_path / "a.log"
    if text is not None:
        log.write_text(text)
    assert reported(log) is None


def test_the_end_of_a_long_log_is_read(tmp_path):
    log = tmp_path / "a.log"
    lines = [f"harvest é: {n}/2000 rows (1 %), 1.0 rows/s, {2000 - n} s left\n" for n in range(1, 2001)]
    log.write_text("".join(lines))
    assert reported(log) == Reported("2000/2000 rows", 0.0)
