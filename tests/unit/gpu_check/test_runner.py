"""Parts that crash, hang or are killed: each ends with a line, and the others go on."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tms.gpu_check import runner
from tms.gpu_check.runner import Part, last_words

# In the place of gpu_check.py: does what its settings say.
PROGRAM = """
import json, os, signal, subprocess, sys, time
from pathlib import Path
words = dict(zip(sys.argv[1::2], sys.argv[2::2]))
settings, result = json.loads(words["--settings"]), Path(words["--result"])
if settings["does"] == "raise":
    raise ValueError("of no use")
if settings["does"] == "die":
    os.kill(os.getpid(), signal.SIGKILL)
if settings["does"] == "hang":
    child = subprocess.Popen(["sleep", "600"], start_new_session=True)
    result.with_name("child").write_text(str(child.pid))
    time.sleep(600)
found = {"cards": os.environ["CUDA_VISIBLE_DEVICES"], "from": time.time()}
time.sleep(0.3)
result.with_name(result.name + ".000").write_text(json.dumps(found | {"to": time.time()}))
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    monkeypatch.setattr(runner, "PROGRAM", program)

    def run(*does, cards=1, names=("a", "b"), seconds=60.0, limit=60.0):
        parts = [Part(f"{place}", "none", {"does": what}, cards, 1, limit) for place, what in enumerate(does)]
        ended = runner.run(parts, list(names), True, tmp_path, time.monotonic() + seconds)
        return [ended[part.name] for part in parts]

    return run


def test_faults_of_one_part_do_not_end_the_others(run):
    raised, died, well = run("raise", "die", "end")
    assert raised.error == "ValueError: of no use" and not raised.found
    assert "killed" in died.error
    assert well.error == "" and well.first["cards"] in ("a", "b")


def test_a_part_that_hangs_is_ended(run):
    hung, well = run("hang", "end", limit=1.0)
    assert hung.error == "no end within 1 s"
    assert well.error in ("", "no end within 1 s")  # on a busy machine


def test_stop_ends_what_has_a_session_of_its_own(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    words = [sys.executable, str(program), "--settings", '{"does": "hang"}', "--result", str(tmp_path / "r")]
    process = subprocess.Popen(words)
    file = tmp_path / "child"
    while not (file.exists() and file.read_text()):
        assert process.poll() is None
        time.sleep(0.05)
    runner.stop(process.pid)
    assert process.wait() == -signal.SIGKILL
    stat = Path("/proc", file.read_text(), "stat")
    while stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.05)


def test_parts_share_no_card_and_run_side_by_side(run):
    first, second, third = (how.first for how in run("end", "end", "end"))
    assert first["cards"] != second["cards"] and second["from"] < first["to"]
    others = [how for how in (first, second) if how["cards"] == third["cards"]]
    assert all(how["to"] <= third["from"] for how in others)


def test_what_cannot_start_is_skipped(run):
    assert run("end", cards=3)[0].skipped
    late = run("end", seconds=runner.LEAST_SECONDS - 1)[0]
    assert late.skipped and "time" in late.error


@pytest.mark.parametrize(
    ("log", "status", "said"),
    [
        ("Traceback\ntorch.OutOfMemoryError: CUDA out of memory. Tried", 1, "CUDA out of memory. Tried"),
        ("error: lower --device-batch\nW1 some: word\n", 2, "lower --device-batch"),
        ("[rank0]: RuntimeError: NCCL\ntorch.errors.ChildFailedError:\n", 1, "RuntimeError: NCCL"),
        ("", -signal.SIGKILL, "killed"),
        ("", -signal.SIGSEGV, "ended by signal 11"),
        ("warning: no: error\n", 3, "exit status 3"),
    ],
)
def test_last_words(log, status, said):
    assert said in last_words(log, status)
