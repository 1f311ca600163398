"""Rewards: the graders' own scores, and no zeros where a rollout could not be graded."""

import json
import os
import signal
import subprocess
import sys

import pytest
from helpers.misbehaving_grader import (
    descendants,
    let_python_find_the_fakes,
    start,
    wait_for_end,
    wait_until,
)

from tms.grading.pool import load_grader
from tms.grading.rewards import Rewards
from tms.grading.worker import Limits
from tms.io.errors import InputError

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture(autouse=True)
def exact_grader(tmp_path, monkeypatch):
    """A grader `exact_fake` that hangs, dies or raises on demand, beside the real ones."""
    let_python_find_the_fakes(tmp_path, monkeypatch)


# For rows that never end: busy ones, and those that sleep.
SHORT = {"spin": Limits(cpu=0.2), "hang": Limits(wall=1.5)}


@pytest.fixture
def rewards():
    with Rewards(["exact_fake"], 2) as rewards:
        yield rewards


COUNTDOWN = json.dumps({"numbers": [2, 3, 4], "target": 14})
NO_COMMA = json.dumps(
    {"key": 1, "prompt": "p", "instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]}
)


@pytest.mark.parametrize(
    "name, answer, completions, expected",
    [
        (
            "math",
            r"\frac{1}{2}",
            [r"So \boxed{0.5}.", r"\boxed{\frac{2}{4}}", r"\boxed{2}", ""],
            [1, 1, 0, 0],
        ),
        ("countdown", COUNTDOWN, ["answer: 2 + 3 * 4", "answer: 3 * 4 + 2", "answer: 14"], [1, 1, 0]),
        ("chain", "17", ["3, 10, answer: 17", "answer: 017", "answer: 71"], [1, 1, 0]),
        ("ifeval", NO_COMMA, ["I like tea", "I like tea, too"], [1, 0]),
    ],
)
def test_rewards_are_the_graders_scores(name, answer, completions, expected):
    with Rewards([name], 2) as rewards:
        found = rewards.of(completions, [answer] * len(completions))
        assert rewards.failures == 0
    assert found == expected
    grader = load_grader(name)
    assert found == [grader.grade(completion, answer).score for completion in completions]


def test_each_rollout_has_its_own_grader():
    with Rewards(["chain", "countdown"], 2) as rewards:
        found = rewards.of(
            ["answer: 17", "answer: 2 + 3 * 4", "answer: 17"],
            ["17", COUNTDOWN, COUNTDOWN],
            ["chain", "countdown", "countdown"],
        )
    assert found == [1, 1, 0]


@pytest.mark.parametrize("bad", ["hang", "spin", "die", "raise", "huge", "slow"])
def test_a_rollout_that_cannot_be_graded_has_no_reward_and_takes_no_other_with_it(bad):
    """One that uses up its own CPU seconds or memory is wrong."""
    completions = [str(i % 3) for i in range(100)]
    right = [float(text == "1") for text in completions]
    completions[3] = completions[99] = bad
    with Rewards(["exact_fake"], 2, limits=SHORT.get(bad)) as rewards:
        found = rewards.of(completions, ["1"] * 100)
        assert found[3] == found[99] == (0.0 if bad in ("spin", "huge") else None)
        assert found[:3] + found[4:99] == right[:3] + right[4:99]
        assert rewards.failures == (0 if bad in ("spin", "huge") else 2)
        assert rewards.of(["1", "0"], ["1", "1"]) == [1.0, 0.0]
        assert rewards.failures == 0


def test_a_row_that_does_not_count_has_no_reward_and_is_no_failure(rewards):
    assert rewards.of(["1", "1"], ["1", "unscored"]) == [1.0, None]
    assert rewards.of(["1"] * 3, ["unscored"] * 3) == [None] * 3
    assert rewards.failures == 0


def test_nothing_to_reward(rewards):
    assert rewards.of([], []) == []


def test_half_of_the_rollouts_may_fail_and_no_more(rewards):
    answers = [str(number) for number in range(16)]  # another one for each: all texts count as different
    half = ["raise"] * 8 + ["0"] * 8
    assert rewards.of(half, answers) == [None] * 8 + [0.0] * 8
    with pytest.raises(InputError) as caught:
        rewards.of(["raise"] * 8 + ["die"] + ["0"] * 7, answers)  # one may be lost to the machine
    assert str(caught.value) == (
        "grader exact_fake: 9 of 16 rollouts could not be graded, most often (8) for error; "
        "correct what it raises (printed above)"
    )
    assert rewards.of(["1"], ["1"]) == [1.0]


def test_failures_count_over_the_calls_of_a_training(rewards):
    """A process may have few rollouts a step."""
    assert rewards.of(["raise"] * 8, [str(number) for number in range(8)]) == [None] * 8
    with pytest.raises(InputError, match="exact_fake: 16 of 16 rollouts could not be graded"):
        rewards.of(["raise"] * 8, [str(number) for number in range(8, 16)])


def test_rollouts_lost_to_the_machine_stop_a_training_unless_they_may():
    answers = [str(number) for number in range(8)]
    with Rewards(["exact_fake"], 2) as rewards:
        with pytest.raises(InputError, match="2 of 8 rows lost to the machine"):
            rewards.of(["die"] * 2 + ["0"] * 6, answers)
        assert rewards.of(["1"], ["1"]) == [1.0]
    with Rewards(["exact_fake"], 2, "warn") as rewards:
        assert rewards.of(["die"] * 2 + ["0"] * 6, answers) == [None] * 2 + [0.0] * 6
        assert rewards.failures == 2


def test_a_few_failures_say_nothing_of_the_grader(rewards):
    assert rewards.of(["raise", "raise", "1"], ["1", "2", "1"]) == [None, None, 1.0]
    assert rewards.of(["raise"] * 40, ["1"] * 40) == [None] * 40  # one text


def test_equal_rollouts_of_a_prompt_are_graded_once_a_call(rewards, tmp_path):
    log, other = (str(tmp_path / name) for name in ("log", "other"))
    for calls in (1, 2):
        assert rewards.of(["log"] * 5 + ["0", "log"], [log] * 5 + ["1", other]) == [0.0] * 7
        assert (tmp_path / "log").read_text() == "graded\n" * calls
        assert (tmp_path / "other").read_text() == "graded\n" * calls


def test_equal_rollouts_that_fail_count_each(rewards):
    assert rewards.of(["die", "die", "1", "0"], ["1"] * 4) == [None, None, 1.0, 0.0]
    assert rewards.failures == 2


def test_what_a_grader_lacks_is_told_and_the_next_call_is_graded(rewards):
    with pytest.raises(InputError, match="punkt: not there; fetch it"):
        rewards.of(["1", "lacking"], ["1", "1"])
    assert rewards.of(["1", "0"], ["1", "1"]) == [1.0, 0.0]


def test_a_server_that_died_is_started_again(rewards):
    rewards.server.process.kill()
    rewards.server.process.wait()
    assert rewards.of(["1", "0"], ["1", "1"]) == [1.0, 0.0]
    assert rewards.failures == 0


def test_a_server_that_dies_twice_is_an_error(rewards):
    with pytest.raises(InputError, match="exact_fake: the grading process died twice; give the job more mem"):
        rewards.of(["1", "raise"], ["1", "deadly"])


def test_an_unknown_grader_is_named_before_anything_is_graded():
    with pytest.raises(InputError, match="'no_such_grader': no such module"), Rewards(["no_such_grader"], 2):
        pass


def test_a_server_that_cannot_start_is_an_error(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import os\nos._exit(3)\n")
    with pytest.raises(InputError, match="the grading process cannot start"), Rewards(["chain"], 2):
        pass


TRAINING = """
import signal, sys, threading, time
from tms.grading.rewards import Rewards
told = []
for kind in (signal.SIGINT, signal.SIGTERM):
    signal.signal(kind, lambda *_: told.append(1))
for _ in range(8):
    threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
with Rewards(["exact_fake"], 2) as rewards:
    rewards.of([str(i) for i in range(100)], ["pid"] * 100)
    print("ready", flush=True)
"""


@on_linux
@pytest.mark.parametrize("last", ["log", "hang", "spin"], ids=["idle", "asleep", "busy in C code"])
def test_a_killed_training_leaves_no_processes(last, tmp_path):
    log = tmp_path / "log"
    training = start(f"{TRAINING}    rewards.of([{last!r}, '0'], [{str(log)!r}, '1'])\n    time.sleep(600)\n")
    wait_until(log.exists)
    graders = descendants(training.pid)
    assert len(graders) == 3
    training.kill()
    wait_for_end(graders)


@on_linux
def test_a_killed_server_leaves_no_workers(rewards):
    rewards.of(["1"] * 3, ["1", "2", "3"])
    workers = descendants(rewards.server.process.pid)
    assert len(workers) == 2
    rewards.server.process.kill()
    wait_for_end(workers)


@on_linux
def test_the_end_leaves_no_processes():
    with Rewards(["exact_fake"], 2) as rewards:
        rewards.of(["1"] * 3, ["1", "2", "3"])
        graders = [rewards.server.process.pid, *descendants(rewards.server.process.pid)]
        assert len(graders) == 3
    wait_for_end(graders)


@on_linux
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_all_processes_ends_the_training_alone_and_after_its_step(kind):
    training = start(f"""{TRAINING}
    while not told:
        time.sleep(0.01)
    found = rewards.of([str(i) for i in range(100)], ["7"] * 100)
    print(sum(found), rewards.failures, flush=True)
    time.sleep(600)
""")
    graders = descendants(training.pid)
    for pid in graders:
        os.kill(pid, kind)
    os.killpg(training.pid, kind)
    assert training.stdout.readline() == "1.0 0\n"
    assert descendants(training.pid) == graders
    training.kill()
    wait_for_end(graders)


def test_grading_processes_do_not_import_the_training_program(tmp_path):
    program = tmp_path / "train.py"
    program.write_text(
        "import sys\n"
        "from pathlib import Path\n"
        f"with Path({str(tmp_path / 'imports')!r}).open('a') as file:\n"
        "    file.write('imported ')\n"
        "if __name__ == '__main__':\n"
        "    from tms.grading.rewards import Rewards\n"
        "    with Rewards(['exact_fake'], 2) as rewards:\n"
        "        assert rewards.of(['1', 'die', '0'], ['1'] * 3) == [1.0, None, 0.0]\n"
    )
    subprocess.run([sys.executable, str(program)], check=True)
    assert (tmp_path / "imports").read_text() == "imported "
