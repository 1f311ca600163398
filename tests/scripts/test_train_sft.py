"""The baseline SFT as a program: its files, its refusals, and going on after it was stopped."""

import json
import shutil
import signal
import subprocess
import sys
from functools import partial

import pytest
import torch
from helpers import tiny_models
from helpers.launched import launched
from helpers.paths import ROOT, SCRIPTS
from helpers.stopped_program import GETS_SIGNAL, run_stopped
from transformers import AutoModelForCausalLM

from tms.io import parquet
from tms.io.conversation import context_text
from tms.model_folder.digest import weights_digest, write_digest
from tms.tool_use.environments.calculator import TOOL

PROGRAM = SCRIPTS / "train_sft.py"
POINTS = ["1of4", "1of2", "1of1"]
# 24 rows x 2 epochs / batch 4 = 12 steps
DEFAULTS = {
    "epochs": 2,
    "learning-rate": 3e-3,
    "effective-batch": 4,
    "device-batch": 2,
    "max-new-tokens": 20,
    "seed": 0,
    "threads": 1,
}


def write_references(path, n=24):
    references = [
        {"example_id": f"e{i}", "prompt": f"{i}+1", "completion": f"it is {i + 1}", "answer": str(i + 1)}
        for i in range(n)
    ]
    parquet.write(path, parquet.REFERENCES, references, {})


def command(folder, model, **changed):
    flags = DEFAULTS | {name.replace("_", "-"): value for name, value in changed.items()}
    words = [f"--{name}={value}" for name, value in flags.items()]
    return [
        *("--model", str(model), "--references", "references.parquet", "--save-points", *POINTS),
        *(
            "--work-root",
            "work",
            "--output-root",
            "run",
            "--trajectory",
            "run/trajectory",
            "--cost",
            "run/cost.json",
            "--updates",
            "run/updates.json",
            "--health",
            "run/health.json",
            "--log-dir",
            "curves",
        ),
        *words,
    ]


def checkpoint(folder, point):
    """Folder of a run's checkpoint."""
    return folder / "run" / ("" if point == "1of1" else "trajectory") / f"checkpoint-{point}"


@pytest.fixture
def folder(tmp_path):
    write_references(tmp_path / "references.parquet")
    return tmp_path


@pytest.fixture(scope="module")
def finished(run_program, tiny_model, tmp_path_factory):
    """Folder of a run that was never stopped, and what it printed."""
    folder = tmp_path_factory.mktemp("finished")
    write_references(folder / "references.parquet")
    done = run_program(folder, "train_sft", *command(folder, tiny_model))
    assert done.returncode == 0, done.stderr
    return folder, done


def test_checkpoints_cost_and_curves(finished):
    folder, _ = finished
    assert len(set(digests(folder))) == 3
    assert sorted(
        str(path.relative_to(folder / "run")) for path in (folder / "run").glob("**/checkpoint-*")
    ) == [
        "checkpoint-1of1",
        "trajectory/checkpoint-1of2",
        "trajectory/checkpoint-1of4",
    ]
    cost = json.loads((folder / "run" / "cost.json").read_text())
    tokens = sum(len(f"it is {i + 1}") + 1 for i in range(24))
    assert (cost["optimizer_steps"], cost["trained_tokens"], cost["frozen_tokens"]) == (12, 2 * tokens, 0)
    assert cost["seconds"] > 0
    health = json.loads((folder / "run" / "health.json").read_text())
    assert (health["targets"], health["masked"]) == (48, {})
    assert health["planned"] == health["sources"] == {"teacher": 48}
    assert len(health["losses"]) == 12 and health["losses"][-1] < health["losses"][0]
    assert list((folder / "curves").glob("events.out.tfevents.*"))
    assert list((folder / "work").iterdir()) == []


def test_a_prompt_that_could_not_be_sampled_ends_it_before_any_training(run_program, folder):
    """A held-out one too: the harvest would end there, after all the training."""
    context = context_text([], [TOOL], {"kind": "calculator", "calls": 2, "tokens": 21})
    base = ROOT / "workflow/resources/miniature_tools/base"
    heldout = [{"example_id": "h", "context": context, "prompt": "2+2", "answer": "4"}]
    parquet.write(folder / "heldout.parquet", parquet.EXAMPLES, heldout, {})
    done = run_program(folder, "train_sft", *command(folder, base, turn=20, heldout="heldout.parquet"))
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert "1 of 25 prompts leave no room for a turn of 20 tokens, the longest is example h" in done.stderr
    assert not (folder / "run").exists()
    # A test prompt that an evaluation samples ends it in the same way.
    parquet.write(folder / "test.parquet", parquet.EXAMPLES, heldout, {})
    tests = {"tests": "calculate=test.parquet", "test_turns": "calculate=20", "test_rows": "calculate=1"}
    done = run_program(folder, "train_sft", *command(folder, base, **tests))
    told = (
        "error: test.parquet: 1 of 1 prompts leave no room for a turn of 20 tokens, the longest is example h"
    )
    assert done.returncode == 2 and done.stderr.startswith(told) and len(done.stderr.splitlines()) == 1
    assert not (folder / "run").exists()


def test_an_update_that_the_bases_precision_rounds_away_is_told(finished, run_program, tiny_model, folder):
    half = folder / "half"
    shutil.copytree(tiny_model, half)
    AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.bfloat16).save_pretrained(half)
    write_digest(half)
    done = run_program(folder, "train_sft", *command(folder, half, learning_rate=1e-5))
    assert done.returncode == 0, done.stderr
    kept = json.loads((folder / "run" / "updates.json").read_text())["1of1"]["surviving"]
    assert kept < 0.9
    told = (
        f"only {kept:.0%} of the update survived rounding to bfloat16: set training.checkpoint_dtype: float32"
    )
    assert f"\nwarning: run: {told}\n" in done.stderr
    assert "survived" not in finished[1].stderr


def test_progress_is_in_the_log(finished):
    _, done = finished
    assert (
        f"train_sft: 48 rows, {2 * sum(len(f'it is {i + 1}') + 1 for i in range(24))} tokens" in done.stderr
    )
    assert "train: 12/12 steps (100 %)" in done.stderr
    assert "loss " in done.stderr


@pytest.mark.slow
def test_trsft_logs_its_own_loss_and_gives_other_weights(finished, run_program, tiny_model, folder):
    words = command(folder, tiny_model, loss="trsft", trsft_floor=0.1)
    done = run_program(folder, "train_sft", *words)
    assert done.returncode == 0, done.stderr
    assert "loss -" in done.stderr  # -p / max(p, a) lies between -1 and 0
    assert set(digests(folder)).isdisjoint(digests(finished[0]))


def write_general(path, n=8, **changed):
    """The base's answers to general prompts: `7` and the end token, sampled; the first is cut."""
    sampled = {"completion": "7", "completion_ids": [22, 2], "finish_reason": "stop", "answer": ""}
    facts = {"benchmark": "words", "split": "train", "seed": 0, "sample": 0, "checkpoint": "0of1"}
    rows = [
        {"example_id": f"g{i}", "context": "", "prompt": f"{i} so", "seconds": 0.0} | sampled | facts
        for i in range(n)
    ]
    for row in rows[:1]:
        row["finish_reason"] = "length"
    parquet.write(path, parquet.COMPLETIONS, [row | changed for row in rows], {})


@pytest.mark.parametrize(
    "loss",
    [
        {},
        pytest.param({"loss": "kl", "kl_beta": 1.0, "kl_prompts": "general"}, marks=pytest.mark.slow),
    ],
)
def test_general_prompts_take_a_share_of_the_visits(finished, run_program, tiny_model, folder, loss):
    write_general(folder / "general.parquet")
    flags = {"general": "general.parquet", "replay_share": 0.5} | loss
    done = run_program(folder, "train_sft", *command(folder, tiny_model, **flags))
    assert done.returncode == 0, done.stderr
    health = json.loads((folder / "run" / "health.json").read_text())
    planned, kept, tokens = (health[name] for name in ("planned", "sources", "tokens"))
    assert planned.keys() == {"teacher", "general"} and sum(planned.values()) == 48
    assert 12 <= planned["general"] <= 36  # of 48 draws, in all but one of 2,000 runs
    assert kept == planned and health["masked"] == {}
    assert 0 < health["cut"]["general"] < kept["general"]  # learned as far as they go
    assert tokens["general"] == 2 * kept["general"]
    assert len(health["losses"]) == 12
    cost, without = (json.loads((place / "run" / "cost.json").read_text()) for place in (folder, finished[0]))
    assert cost["optimizer_steps"] == without["optimizer_steps"]
    assert cost["trained_tokens"] == sum(tokens.values())
    assert cost["frozen_tokens"] == (cost["trained_tokens"] if loss else 0)
    assert set(digests(folder)).isdisjoint(digests(finished[0]))


@pytest.fixture
def refusal(program, monkeypatch):
    """Call `refusal(*words)`: the one line of the program, which must refuse before it imports torch."""
    for module in ("torch", "transformers"):
        monkeypatch.setitem(sys.modules, module, None)
    return partial(refused, program)


def refused(program, *words):
    done = program("train_sft", *words)
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    return line


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"effective_batch": 24, "device_batch": 24}, "24 rows x 2 epochs / batch 24 = 2 optimiser steps"),
        ({"device_batch": 3}, "--effective-batch 4 is no multiple of --device-batch 3 x 1 devices = 3"),
        ({"warmup": 3}, "--warmup 3.0: give a share of the steps"),
        ({"adam_beta1": 1}, "--adam-beta1 1.0: give a decay, at least 0 and below 1"),
        ({"adam_beta2": -0.1}, "--adam-beta2 -0.1: give a decay, at least 0 and below 1"),
        ({"weight_decay": -1}, "--weight-decay -1.0: give a number, at least 0"),
        ({"max_grad_norm": "nan"}, "--max-grad-norm nan: give a number, at least 0"),
        ({"loss": "trsft"}, "--loss trsft: give --trsft-floor too"),
        ({"trsft_floor": 0.1}, "--trsft-floor 0.1: it belongs to --loss trsft"),
        ({"replay_share": 0.5}, "--general, --replay-share: give both, or neither"),
        ({"general": "g.parquet"}, "--general, --replay-share: give both, or neither"),
        (
            {"loss": "kl", "kl_beta": 0.1, "kl_prompts": "general"},
            "--kl-prompts general: give --general and --replay-share too",
        ),
        ({"general": "g.parquet", "replay_share": 0.5}, "g.parquet: no such file"),
        ({"general": "g.parquet", "replay_share": 1.0}, "--replay-share 1.0: give a share between 0 and 1"),
        ({"general": "g.parquet", "replay_share": "nan"}, "--replay-share nan: give a share between 0 and 1"),
        *(
            ({"loss": "trsft", "trsft_floor": floor}, f"--trsft-floor {floor}: give a probability above 0")
            for floor in (0.0, -0.1, 1.5, float("nan"))
        ),
    ],
)
def test_arithmetic_that_cannot_work(refusal, folder, tiny_model, changed, message):
    assert message in refusal(*command(folder, tiny_model, **changed))


def test_no_answers_to_general_prompts(refusal, folder, tiny_model):
    write_general(folder / "general.parquet", n=0)
    words = command(folder, tiny_model, general="general.parquet", replay_share=0.5)
    assert "general.parquet: no answers; run answer_general again" in refusal(*words)


def test_empty_references(refusal, folder, tiny_model):
    write_references(folder / "references.parquet", n=0)
    assert "references.parquet: no references" in refusal(*command(folder, tiny_model))


def test_truncated_references(refusal, folder, tiny_model):
    path = folder / "references.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    assert "references.parquet: not a readable Parquet file" in refusal(*command(folder, tiny_model))


def test_truncated_model(refusal, folder, tiny_model):
    model = folder / "model"
    shutil.copytree(tiny_model, model)
    weights = model / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-20])
    assert "weight files are truncated or changed" in refusal(*command(folder, model))


def test_missing_model(refusal, folder):
    assert "nowhere: no *.safetensors file there" in refusal(*command(folder, "nowhere"))


def digests(folder):
    return [weights_digest(checkpoint(folder, point)) for point in POINTS]


LONG = {"epochs": 20, "save_every_steps": 5}


@pytest.mark.slow
@pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGTERM])
def test_a_stopped_run_goes_on_to_the_same_bits(run_program, tiny_model, tmp_path, kind):
    stopped, whole = tmp_path / "stopped", tmp_path / "whole"
    for folder in (stopped, whole):
        folder.mkdir()
        write_references(folder / "references.parquet")
    process = run_stopped(stopped, kind, "train_sft", *command(stopped, tiny_model, **LONG))
    assert process.returncode == (143 if kind == signal.SIGTERM else -signal.SIGKILL)
    if kind == signal.SIGTERM:
        assert "stopped by a signal; the same command goes on from here" in process.stderr
    assert not (stopped / "run").exists()
    step = max(
        int(state.parent.name.partition("-")[2]) for state in stopped.glob("work/*/states/*/complete.json")
    )
    assert 0 < step < 120
    resumed = run_program(stopped, "train_sft", *command(stopped, tiny_model, **LONG))
    assert resumed.returncode == 0, resumed.stderr
    assert f"train from step {step}" in resumed.stderr
    assert run_program(whole, "train_sft", *command(whole, tiny_model, epochs=20)).returncode == 0
    assert digests(stopped) == digests(whole)
    costs = [json.loads((folder / "run" / "cost.json").read_text()) for folder in (stopped, whole)]
    assert costs[0]["trained_tokens"] == costs[1]["trained_tokens"]


@pytest.mark.slow
def test_changed_references_do_not_resume_stale_work(run_program, tiny_model, folder):
    run_stopped(folder, signal.SIGKILL, "train_sft", *command(folder, tiny_model, **LONG))
    assert list(folder.glob("work/*/*states/*/complete.json"))
    write_references(folder / "references.parquet", n=20)
    done = run_program(folder, "train_sft", *command(folder, tiny_model, **LONG))
    assert done.returncode == 0, done.stderr
    assert "from step" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("fsdp", ["off", "on"])
def test_two_devices_give_the_weights_of_one(finished, tiny_model, folder, fsdp):
    import torch
    from safetensors.torch import load_file

    done = finished_process(folder, PROGRAM, *command(folder, tiny_model, fsdp=fsdp))
    assert done.returncode == 0, done.stderr
    for point in POINTS:
        here, there = (checkpoint(place, point) for place in (folder, finished[0]))
        assert {file.name for file in here.iterdir()} == {file.name for file in there.iterdir()}
        moved = [json.loads((place / "update.json").read_text()) for place in (here, there)]
        assert moved[0]["weights"] == moved[1]["weights"]
        assert moved[0]["update_rms"] == pytest.approx(moved[1]["update_rms"], rel=1e-2)
        two, one = (load_file(place / "model.safetensors") for place in (here, there))
        assert two.keys() == one.keys()  # the tied head is not stored
        for name, value in one.items():
            torch.testing.assert_close(two[name], value, atol=1e-5, rtol=0)


@pytest.mark.slow
@pytest.mark.parametrize("fsdp", ["off", "on"])
def test_two_devices_compare_with_the_base_as_one(run_program, tiny_model, tmp_path, fsdp):
    """Copies each have the base whole, shards have it in shards."""
    import torch
    from safetensors.torch import load_file

    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
        write_references(folder / "references.parquet")
    flags = {"loss": "kl", "kl_beta": 2.0, "kl_prompts": "training", "epochs": 1}
    flags |= {"gradient_checkpointing": "on", "save_points": "1of1"}
    done = run_program(one, "train_sft", *command(one, tiny_model, **flags))
    assert done.returncode == 0, done.stderr
    done = finished_process(two, PROGRAM, *command(two, tiny_model, fsdp=fsdp, **flags))
    assert done.returncode == 0, done.stderr
    found, expected = (load_file(checkpoint(place, "1of1") / "model.safetensors") for place in (two, one))
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, atol=1e-5, rtol=0)


@pytest.fixture
def untied_half_model(tiny_model, tmp_path):
    """The tiny model in bfloat16, with a head of its own, as a 7B model has it."""
    return tiny_models.variant(tiny_model, tmp_path / "half", 0, "bfloat16", tie_word_embeddings=False)


@pytest.mark.slow
@pytest.mark.parametrize("fsdp", ["off", "on"])
def test_several_processes_save_on_sigterm_and_go_on_to_the_same_bits(untied_half_model, tmp_path, fsdp):
    """Of two processes the first one alone gets the signal, and both stop."""
    import torch
    from safetensors.torch import load_file

    stopped, whole = tmp_path / "stopped", tmp_path / "whole"
    for folder in (stopped, whole):
        folder.mkdir()
        write_references(folder / "references.parquet")
    flags = {"fsdp": fsdp, "gradient_checkpointing": "on", "epochs": 3}  # 18 steps
    words = command(stopped, untied_half_model, save_every_steps=4, **flags)
    process = finished_process(stopped, GETS_SIGNAL, int(signal.SIGTERM), PROGRAM, *words)
    assert process.returncode != 0
    assert "stopped by a signal" in process.stderr
    before, state = sorted(stopped.glob("work/*/*states/*/complete.json"))
    assert (
        before.parent.name == "checkpoint-4" and state.parent.name == "checkpoint-5"
    )  # the step after that of the signal
    parts = len(list(state.parent.glob("optimizer_0/*.distcp")))
    assert parts == (2 if fsdp == "on" else 0)  # one of each process
    resumed = finished_process(stopped, PROGRAM, *words)
    assert resumed.returncode == 0, resumed.stderr
    assert "train from step 5" in resumed.stderr
    done = finished_process(whole, PROGRAM, *command(whole, untied_half_model, **flags))
    assert done.returncode == 0, done.stderr
    assert digests(stopped) == digests(whole)
    base, end = (
        load_file(place / "model.safetensors")
        for place in (untied_half_model, whole / "run" / "checkpoint-1of1")
    )
    assert end.keys() == base.keys()
    assert "lm_head.weight" in end
    assert {value.dtype for value in end.values()} == {torch.bfloat16}


def finished_process(folder, *words):
    """A program in two processes that has ended."""
    return subprocess.run(**launched(*words), cwd=folder, capture_output=True, text=True, check=False)


def test_arithmetic_counts_the_devices(refusal, folder, tiny_model, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "4")
    line = refusal(*command(folder, tiny_model))
    assert "--effective-batch 4 is no multiple of --device-batch 2 x 4 devices = 8" in line


@pytest.mark.parametrize(
    "left",
    [{"RANK": "0", "WORLD_SIZE": "2"}, {"RANK": "1"}, {"LOCAL_RANK": "0"}, {"WORLD_SIZE": "1"}],
)
def test_a_launchers_variables_are_named(refusal, folder, tiny_model, monkeypatch, left):
    """With them it hung, or took itself for a process that writes nothing and ended well."""
    for name, value in left.items():
        monkeypatch.setenv(name, value)
    assert f"unset {' '.join(left)}" in refusal(*command(folder, tiny_model))
