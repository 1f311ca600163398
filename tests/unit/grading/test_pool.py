"""The grading pool: right answers fast, and a lost row costs itself only."""

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from helpers.misbehaving_grader import (
    FAKES,
    descendants,
    let_python_find_the_fakes,
    start,
    wait_for_end,
    wait_until,
)
from helpers.paths import SCRIPTS

import tms.graders
from tms.answers.grade import Grade
from tms.grading import rows
from tms.grading.losses import Losses
from tms.grading.pool import Task, grade_all, grade_in, grading_pool, load_grader
from tms.grading.worker import Limits, Worker
from tms.io.errors import InputError
from tms.io.progress import Progress

pytestmark = pytest.mark.usefixtures("exact_grader")
# For rows that never end: busy ones, and those that sleep.
SHORT = {"spin": Limits(cpu=0.2), "hang": Limits(wall=1.5)}
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def exact_grader(tmp_path, monkeypatch):
    """A grader `exact_fake` that hangs, dies or raises on demand, beside the real ones."""
    monkeypatch.setattr(tms.graders, "__path__", [*tms.graders.__path__, str(FAKES)])
    let_python_find_the_fakes(tmp_path, monkeypatch)
    yield
    sys.modules.pop("tms.graders.exact_fake", None)


def task(completion, answer="1"):
    return Task("exact_fake", completion, answer)


def grades(*completions, processes=2, **more):
    return grade_all([Task("exact_fake", text, "1") for text in completions], processes, **more)


def test_grades_come_in_the_order_of_the_tasks():
    texts = [str(i) for i in range(500)]
    tasks = [Task("exact_fake", text, str(int(text) // 2 * 2)) for text in texts]
    found = grade_all(tasks, 3)
    assert found == grade_all(tasks, 1)
    assert [grade.extracted for grade in found] == texts
    assert [grade.score for grade in found] == [1.0, 0.0] * 250


EMPTY = Grade(0.0, "", {"items": [0.0, 0.5]})  # of an empty completion
LOST = Grade(None, "")


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize(
    "bad, failure, grade",
    [
        ("hang", "timeout", LOST),
        ("die", "crash", LOST),
        ("spin", "limit", EMPTY),
        ("huge", "limit", EMPTY),
        ("raise", "error", EMPTY),
    ],
)
def test_a_bad_row_takes_no_other_with_it(bad, failure, grade, processes, capfd):
    texts = ["1"] * 400
    texts[3] = texts[399] = bad
    found = grades(*texts, processes=processes, limits=SHORT.get(bad))
    assert [i for i, grade in enumerate(found) if grade.failure] == [3, 399]
    assert found[3] == found[399] == replace(grade, failure=failure)
    assert sum(grade.score or 0 for grade in found) == 398
    said = {
        "limit": "used up their own CPU seconds or memory",
        "timeout": "lost to the machine, without a word for too long",
        "crash": "lost to the machine, with a process that died",
        "error": "raised an exception (printed above)",
    }[failure]
    assert f"warning: graders exact_fake: of 400 rows 2 {said}\n" in capfd.readouterr().err


def test_rows_lost_to_the_machine_stop_a_stage_unless_they_may():
    assert grades("1", "die")[1] == Grade(None, "", failure="crash")  # one always may
    with pytest.raises(InputError) as caught:
        grades("1", "die", "die", "0")
    assert str(caught.value) == (
        "graders exact_fake: 2 of 4 rows lost to the machine, also when each was tried again alone "
        "(crash 2); its processes die: give the job more memory. compute.lost_rows: warn goes on without them"
    )
    assert grades("die", "1", "die", lost_rows="warn")[0].score is None


@pytest.mark.parametrize("rows, may", [(2, 1), (399, 1), (400, 2), (1000, 5)])
def test_one_row_and_half_a_percent_may_be_lost(rows, may):
    losses = Losses("rows", rows, "stop")
    for _ in range(may):
        losses.count("crash")
        losses.count("limit")
    with pytest.raises(InputError, match=f"{may + 1} of {rows} rows"):
        losses.count("timeout")


def test_a_row_that_is_lost_once_is_tried_again_with_no_other_process_beside_it(tmp_path):
    """`once` dies where it runs first; then it writes how many siblings it has."""
    rows = ["1"] * 50 + ["once"] + ["1"] * 50
    found = grade_all([Task("exact_fake", text, str(tmp_path / "log")) for text in rows], 3)
    assert found[50] == Grade(1.0, "0 siblings")
    assert [grade.failure for grade in found] == [""] * 101


def test_what_a_grader_says_of_a_row_is_kept():
    assert grades("1", "slow") == [
        Grade(1.0, "1", {"items": [1.0, 0.5]}),
        Grade(0.0, "slow", failure="timeout"),
    ]


def test_a_row_that_does_not_count_keeps_no_score_even_where_it_uses_up_its_seconds():
    found = grade_all(
        [Task("exact_fake", text, "unscored") for text in ("1", "spin")], 1, limits=SHORT["spin"]
    )
    assert [(grade.score, grade.failure) for grade in found] == [(None, ""), (None, "limit")]


def test_what_a_grader_lacks_stops_the_stage():
    with pytest.raises(InputError, match="punkt: not there; fetch it"):
        grades("1", "lacking")


def test_nothing_to_grade():
    assert grade_all([], 2) == []


def test_many_rows_take_one_start_of_each_worker_and_few_messages(monkeypatch):
    sent, send = [], Worker.send
    monkeypatch.setattr(Worker, "send", lambda self, *rest: (sent.append(self), send(self, *rest)))
    grade_all([task(str(i)) for i in range(2500)], 2)
    assert len(sent) < 100
    assert len(set(sent)) == 2


@pytest.mark.parametrize("kind", ["no_such_grader", "os.path", "../exact_fake", ""])
def test_an_unknown_grader_is_named(kind):
    with pytest.raises(InputError, match="no such module"):
        load_grader(kind)


def test_a_pool_keeps_its_workers():
    with grading_pool(["exact_fake"], 2) as pool:
        found = [{int(grade.extracted) for grade in grade_in(pool, [task("pid")] * 40)} for _ in range(3)]
        workers = {worker.process.pid for worker in pool.workers}
    assert len(workers) == 2
    assert all(pids <= workers for pids in found)


def test_a_pool_counts_progress():
    with (
        grading_pool(["exact_fake"], 2, limits=SHORT["hang"]) as pool,
        Progress(9, "grade", "rows") as progress,
    ):
        grade_in(pool, [task("1")] * 8 + [task("hang")], progress)
    assert progress.done == 9


@pytest.mark.parametrize("bad", ["hang", "spin", "die", "raise", "huge"])
def test_a_pool_grades_on_after_a_bad_row(bad):
    good = Grade(1.0, "1", {"items": [1.0, 0.5]})
    with grading_pool(["exact_fake"], 2, limits=SHORT.get(bad)) as pool:
        assert grade_in(pool, [task("1")] * 3) == [good] * 3
        assert [bool(grade.failure) for grade in grade_in(pool, [task("1"), task(bad)])] == [False, True]
        assert grade_in(pool, [task("1")] * 100) == [good] * 100


def test_a_pool_grades_on_after_an_error_that_stops_a_call():
    with grading_pool(["exact_fake"], 2) as pool:
        with pytest.raises(InputError, match="fetch it"):
            grade_in(pool, [task("1")] * 50 + [task("lacking")] + [task("0")] * 50)
        assert [grade.score for grade in grade_in(pool, [task("1")] * 70)] == [1.0] * 70


@on_linux
def test_a_worker_that_died_between_two_calls_costs_no_row():
    with grading_pool(["exact_fake"], 2) as pool:
        pids = {grade.extracted for grade in grade_in(pool, [task("pid")] * 40)}
        for pid in pids:
            os.kill(int(pid), signal.SIGKILL)
        wait_for_end([*map(int, pids)])
        found = grade_in(pool, [task("pid")] * 40)
        assert [grade.failure for grade in found] == [""] * 40
        assert not pids & {grade.extracted for grade in found}


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_all_ends_no_worker_whatever_handler_it_inherits(kind):
    def raises(*signal_details):
        raise RuntimeError

    before = signal.signal(kind, raises)
    try:
        with grading_pool(["exact_fake"], 1) as pool:
            (pid,) = {grade.extracted for grade in grade_in(pool, [task("pid")] * 3)}
            os.kill(int(pid), kind)
            found = grade_in(pool, [task("pid")] * 3)
    finally:
        signal.signal(kind, before)
    assert [grade.extracted for grade in found] == [pid] * 3


def test_a_limit_counts_where_it_is_reached_twice(tmp_path):
    """A row that has died, then reached its limit, is tried a third time."""
    log = tmp_path / "log"
    (found,) = grade_all([Task("exact_fake", "die then spin", str(log))], 1, limits=SHORT["spin"])
    assert found.failure == "" and log.read_text() == "graded\n" * 3


def state(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]


@on_linux
def test_a_worker_that_is_stopped_and_goes_on_loses_nothing(tmp_path):
    """It grades on where it was: nobody tries its row again."""
    log = tmp_path / "log"

    def go_on():
        stopped = []
        wait_until(lambda: stopped.extend(p for p in descendants(os.getpid()) if state(p) == "T") or stopped)
        os.kill(stopped[0], signal.SIGCONT)

    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    texts = ["1"] * 40 + ["stop"] + ["1"] * 40
    found = grade_all([Task("exact_fake", text, str(log)) for text in texts], 2, limits=SHORT["spin"])
    thread.join()
    assert found[40] == Grade(1.0, "went on")
    assert not any(grade.failure for grade in found)


@on_linux
def test_a_worker_that_stays_stopped_costs_time_alone(tmp_path):
    texts = ["1"] * 40 + ["stop"] + ["1"] * 40
    tasks = [Task("exact_fake", text, str(tmp_path / "log")) for text in texts]
    found = grade_all(tasks, 2, limits=SHORT["hang"])
    assert found[40] == Grade(1.0, "went on")
    assert not any(grade.failure for grade in found)


@on_linux
def test_an_idle_worker_that_is_stopped_does_not_hold_up_who_sends_it_long_rows():
    texts = [f"{number:020000}" for number in range(32)]  # more in all than a pipe takes
    with grading_pool(["exact_fake"], 1, limits=SHORT["hang"]) as pool:
        grade_in(pool, [task("1")])
        os.kill(pool.workers[0].process.pid, signal.SIGSTOP)
        assert [grade.extracted for grade in grade_in(pool, [*map(task, texts)])] == texts


def test_rows_are_sent_in_chunks_of_few_bytes():
    assert rows.chunks([], 3) == deque()
    assert rows.chunks("abcdefg", 3) == deque([deque([0, 1, 2]), deque([3, 4, 5]), deque([6])])
    long = "x" * 2**17
    assert rows.chunks(["a", long, long, "b", "c"], 3) == deque(map(deque, [[0], [1], [2], [3, 4]]))


def test_a_freeze_of_everything_is_no_wait(monkeypatch):
    """The pool's own clock jumps by an hour at each look: no worker is to blame for it."""
    clock = itertools.count(step=3600)
    monkeypatch.setattr(rows, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    found = grades(*["1"] * 40, "slower", *["1"] * 40, limits=Limits(wall=300.0))
    assert not any(grade.failure for grade in found)


def failing_starts(log: Path, parent: int, failing: set[int]):
    """A worker's preparation: the first, second, ... one dies where its number is among `failing`."""
    if os.getpid() != parent:
        with log.open("a") as opened:
            opened.write("started\n")
        if len(log.read_text().splitlines()) in failing:
            os._exit(1)


def identity(row):
    if row == "huge":
        raise MemoryError
    return row


@on_linux
def test_starts_that_fail_now_and_then_cost_nothing(tmp_path):
    """Three in a row stop the work; four, with a good one between, do not."""
    prepare = partial(failing_starts, tmp_path / "log", os.getpid(), {1, 2, 4, 5})
    with rows.RowPool(identity, 1, "rows", prepare, "warn") as pool:
        results = dict(pool.run([0, "huge", 2]))
    assert (results[0], results[1].reason, results[2]) == (0, "limit", 2)


@on_linux
def test_workers_that_cannot_start_stop_the_work(tmp_path):
    prepare = partial(failing_starts, tmp_path / "log", os.getpid(), set(range(100)))
    with rows.RowPool(identity, 2, "rows", prepare) as pool:
        for _ in range(2):  # the second time too
            with pytest.raises(InputError, match="rows: a worker process cannot start; give the job more"):
                list(pool.run([0]))


# Pairs that math-verify has to compare, right and wrong.
COMPARED = [
    (r"(x+1)^2", r"x^2+2x+1", 1),
    (r"(x+1)^2", r"x^2+2x+2", 0),
    (r"11\sqrt{2}", r"\sqrt{242}", 1),
    (r"11\sqrt{2}", r"\sqrt{243}", 0),
    (r"\frac{\pi}{4}", r"\arctan(1)", 1),
    (r"\frac{\pi}{4}", r"\arctan(2)", 0),
    (r"(-\infty,0)\cup(1,2)", r"(1,2) \cup (-\infty, 0)", 1),
    (r"(-\infty,0)\cup(1,2)", r"(1,3) \cup (-\infty, 0)", 0),
    (r"\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{bmatrix} 1 \\ \frac{4}{2} \end{bmatrix}", 1),
    (r"\frac{1}{2}\sin x", r"\sin(x) \cdot 2^{-1}", 1),
    (r"\frac{1}{3}+\sqrt{5}", r"\sqrt{5} + \int_0^1 y^2 dy", 1),
    (r"\frac{1}{3}+\sqrt{5}", r"\sqrt{5} + \int_0^1 y^3 dy", 0),
]


@pytest.mark.slow
def test_verdicts_are_the_same_with_one_process_and_with_24_beside_four_busy_ones():
    tasks = [Task("math", rf"\boxed{{{said}}}", gold) for gold, said, _ in COMPARED] * 3
    tasks += [Task("math", r"\boxed{(a+b+c+d+e)^{500}}", "a^2")]  # takes minutes
    # With the product's own limits: an integral here takes 0.65 CPU s on a quiet core, over 1 on a busy one.
    with ExitStack() as stack:
        for _ in range(4):
            busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
            stack.callback(busy.wait)
            stack.callback(busy.kill)
        found = grade_all(tasks, 24)
    assert [grade.score for grade in found] == [right for *_, right in COMPARED] * 3 + [0]
    assert [grade.failure for grade in found] == [""] * len(COMPARED) * 3 + ["limit"]
    assert grade_all(tasks, 1) == found


@pytest.mark.slow
def test_no_row_pays_for_what_its_grader_loads(tmp_path):
    """Loading math-verify, or IFEval's checks and its language detector, takes longer than these rows may."""
    instruction = {"instruction_id_list": ["language:response_language"], "kwargs": [{"language": "en"}]}
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"""if True:
            from tms.grading.pool import Task, grade_all
            from tms.grading.worker import Limits
            tasks = [Task("math", r"\\boxed{{(x+2)^2}}", "x^2+4x+4"), Task("number", "x+x^2", "x^2+x")]
            tasks.append(Task("ifeval", "An English sentence.", {json.dumps(instruction)!r}))
            print([(grade.score, grade.failure) for grade in grade_all(tasks, 3, limits=Limits(cpu=0.3))])
        """,
        ],
        env=os.environ | {"PYTHONPATH": str(SCRIPTS)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[(1.0, ''), (0.0, ''), (1.0, '')]\n"


@on_linux
@pytest.mark.parametrize("last", ["", "hang", "spin"], ids=["idle", "asleep", "busy in C code"])
def test_a_killed_parent_leaves_no_workers(last, tmp_path):
    log = tmp_path / "log"
    parent = start(f"""if True:
        import time
        from tms.grading.pool import Task, grade_in, grading_pool
        with grading_pool(["exact_fake"], 2) as pool:
            grade_in(pool, [Task("exact_fake", "pid", "")] * 40)
            print("ready", flush=True)
            grade_in(pool, [Task("exact_fake", {last!r}, {str(log)!r})] * 2)
            time.sleep(600)
        """)
    if last:
        wait_until(lambda: log.exists() and log.read_text() == "graded\n" * 2)
    workers = descendants(parent.pid)
    assert len(workers) == 2
    parent.kill()
    wait_for_end(workers)
