"""Rows with messages before their prompt, through every program from a file to a student."""

import json
import random
import shutil
from pathlib import Path

import pytest
from helpers import tiny_models

from tms.generation.cache import CompletionCache, row_key
from tms.generation.chat import ChatFormat
from tms.generation.engines.create import create_engine
from tms.generation.sampling import Sampling
from tms.io import parquet
from tms.model_folder.digest import weights_digest

GENERATES = ["--threads", 1, "--cache", "rows", "--temperature", 0, "--max-new-tokens", 8]
TRAINS = ["--epochs", 2, "--learning-rate", 3e-3, "--effective-batch", 8, "--device-batch", 8, "--seed", 0]
TRAINS += ["--max-new-tokens", 20, "--threads", 1, "--report-to", "none", "--work-root", "work"]
SYSTEM = {"role": "system", "content": "Add the numbers."}
TURNS = [{"role": "user", "content": "1+1"}, {"role": "assistant", "content": "2"}]
CONTEXTS = ["", json.dumps([SYSTEM]), json.dumps(TURNS), json.dumps([SYSTEM, *TURNS])]


def examples(split="test"):
    """The same prompt after four beginnings of a conversation."""
    return [
        {
            "example_id": f"{split}-{n}",
            "context": context,
            "prompt": "3+4",
            "answer": "7",
            "problem": "3+4",
            "solution": "7",
        }
        for n, context in enumerate(CONTEXTS)
    ]


def chatml(context: str, prompt: str) -> str:
    """A conversation in ChatML up to where the answer begins, written by hand."""
    turns = [*(json.loads(context) if context else []), {"role": "user", "content": prompt}]
    written = "".join(f"<|im_start|>{turn['role']}\n{turn['content']}<|im_end|>\n" for turn in turns)
    return f"{written}<|im_start|>assistant\n"


def check_stored(
    cache: Path, model: Path, rows: list[dict], length: int = 8, temperature: float = 0.0
) -> None:
    """Each row's completion is the one that the model gave to the ids of its whole conversation."""
    chat, weights, engine = ChatFormat(model), weights_digest(model), create_engine("transformers", 1, 0.9, 1)
    sampling = Sampling(temperature=temperature, max_new_tokens=length)
    keys = []
    for row in rows:
        text = chatml(row["context"], row["prompt"])
        ids = chat.tokenizer(text, add_special_tokens=False)["input_ids"]
        facts = (engine.name, engine.version)
        keys.append(row_key(weights, ids, sampling, chat.end_token_ids, facts, row["seed"], row["sample"]))
    with CompletionCache(cache, weights) as stored:
        found = stored.lookup(keys)
    assert [found[key].completion_ids for key in keys] == [row["completion_ids"] for row in rows]


def test_every_generating_program_asks_the_whole_conversation(program, tiny_model, tmp_path):
    for split in ("train", "heldout", "test"):
        parquet.write(tmp_path / f"{split}.parquet", parquet.PREPARED, examples(split), {})
    outputs = ["--output", "out.parquet", "--cost", "cost.json", *GENERATES]
    splits = ["train=train.parquet", "heldout=heldout.parquet"]
    done = program("teacher", "--model", tiny_model, "--task", "sums", "--examples", *splits, *outputs)
    assert done.returncode == 0, done.stderr
    assert "8 rows, 0 of 4 stored, 4 to generate" in done.stderr
    samples = parquet.read(tmp_path / "out.parquet", parquet.COMPLETIONS)
    assert [row["context"] for row in samples] == CONTEXTS * 2
    check_stored(tmp_path / "rows", tiny_model, samples)
    assert len({row["completion"] for row in samples}) > 1

    done = program("generate", "--model", tiny_model, "--benchmarks", "sums=test.parquet", *outputs)
    assert "4 rows, 4 of 4 stored, 0 to generate" in done.stderr
    assert parquet.read(tmp_path / "out.parquet", ["context"]) == [{"context": text} for text in CONTEXTS]

    for split in ("train", "heldout"):
        parquet.write(tmp_path / f"{split}.parquet", parquet.REFERENCES, samples[: len(CONTEXTS)], {})
    plan = [
        {"split": "train", "epoch": 0, "position": n, "example_id": f"train-{n}", "sample": 0}
        | {"source": "checkpoint", "checkpoint": "0of1"}
        for n in range(len(CONTEXTS))
    ]
    parquet.write(tmp_path / "plan.parquet", parquet.PLAN, plan, {})
    words = ["--plan", "plan.parquet", "--references", *splits, "--checkpoints", f"0of1={tiny_model}"]
    done = program("harvest", *words, "--task", "sums", *outputs)
    assert "4 rows, 4 of 4 stored, 0 to generate" in done.stderr
    assert parquet.read(tmp_path / "out.parquet", ["context"]) == [{"context": text} for text in CONTEXTS]


def test_a_judge_reads_the_conversation(program, tiny_model, tmp_path):
    judge = tiny_models.variant(tiny_model, tmp_path / "judge", 0, max_position_embeddings=2048)
    generations = [
        row
        | {
            "benchmark": "wildguard",
            "split": "test",
            "seed": 0,
            "sample": 0,
            "checkpoint": "",
            "seconds": 0.0,
        }
        | {"completion": "7", "completion_ids": [1], "finish_reason": "stop"}
        for row in examples()
    ]
    parquet.write(tmp_path / "generations.parquet", parquet.COMPLETIONS, generations, {})
    words = ["--judge", "wildguard", "--model", judge, "--generations", "generations.parquet"]
    words += ["--benchmarks", "wildguard", "--output", "out.parquet", "--cost", "cost.json", *GENERATES]
    done = program("judge", *words)
    assert done.returncode == 0, done.stderr
    assert "4 rows, 0 of 4 stored, 4 to generate" in done.stderr  # one prompt in four conversations


@pytest.mark.parametrize("program_name", ["generate", "train_sft"])
def test_a_template_that_refuses_a_system_prompt_is_named_before_the_model_is_loaded(
    program, tiny_model, tmp_path, program_name
):
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    (folder / "weights.json").unlink()  # a user's own folder has no record
    refusing = (
        "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    )
    (folder / "chat_template.jinja").write_text(refusing + tiny_models.TURNS)
    rows = [row | {"completion": "7"} for row in examples()]
    parquet.write(tmp_path / "rows.parquet", [*parquet.EXAMPLES, "completion"], rows, {})
    words = {
        "generate": ["--benchmarks", "sums=rows.parquet", "--output", "out.parquet", *GENERATES],
        "train_sft": ["--references", "rows.parquet", *TRAINS, *outputs_of("sft"), "--save-points", "1of1"],
    }[program_name]
    done = program(program_name, "--model", folder, *words, "--cost", "cost.json")
    assert done.returncode == 2
    line = done.stderr.splitlines()[-1]
    assert line.startswith(
        f"error: {folder}: its chat template fails on a prompt (System role not supported)"
    )
    assert "put a chat_template.jinja there" in line


def outputs_of(run: str) -> list[str]:
    files = {"output-root": run, "trajectory": f"{run}/trajectory", "updates": f"{run}/updates.json"}
    files |= {"health": f"{run}/health.json", "log-dir": "curves"}
    return [f"--{name}={file}" for name, file in files.items()]


@pytest.mark.slow
def test_from_a_file_of_conversations_to_a_student(run_program, tiny_model, tmp_path):
    """prepare, teacher, filter, SFT, plan, harvest, mixture, student, drift: each keeps a row's messages."""

    def program(name, *words):
        done = run_program(tmp_path, name, *words)
        assert done.returncode == 0, done.stderr
        return done

    draw, lines = random.Random(0), []
    for n in range(60):
        turns = [SYSTEM] if draw.random() < 0.5 else []
        turns += TURNS * draw.randrange(3)
        turns += [{"role": "user", "content": f"{n}+1"}, {"role": "assistant", "content": f"it is {n + 1}"}]
        lines.append(json.dumps({"messages": turns}))
    (tmp_path / "chat.jsonl").write_text("\n".join(lines) + "\n")
    options = json.dumps({"files": "chat.jsonl", "split": {"heldout": 0.3, "test": 0.2}})
    for split, size in (("train", 16), ("heldout", 8)):
        words = ["--task", "faq", "--kind", "records", "--split", split, "--size", size]
        program("prepare", *words, "--options", options, "--output", f"{split}.parquet")
    prepared = {
        row["example_id"]: row
        for split in ("train", "heldout")
        for row in parquet.read(tmp_path / f"{split}.parquet", parquet.PREPARED)
    }
    assert len({row["context"] for row in prepared.values()}) == 6

    splits = ["train=train.parquet", "heldout=heldout.parquet"]
    words = ["--given", "--examples", *splits, "--task", "faq", *GENERATES, "--cost", "cost.json"]
    program("teacher", *words, "--output", "samples.parquet")
    outputs = ["--references", "references.parquet", "--heldout-references", "heldout_references.parquet"]
    outputs += ["--rejects", "rejects.parquet", "--summary", "filter.json"]
    program("filter_teacher", "--samples", "samples.parquet", "--grader", "none", "--task", "faq", *outputs)

    words = ["--references", "references.parquet", "--save-points", "1of2", "1of1", "--cost", "cost.json"]
    program("train_sft", "--model", tiny_model, *words, *TRAINS, *outputs_of("sft"))
    words = ["--alpha", 0.6, "--points", "1of2", "1of1", "--weights", 0.5, 0.5, "--epochs", 2, "--seed", 0]
    words += ["--effective-batch", 8, "--output", "plan.parquet", *outputs[:4]]
    program("plan_mixture", *words)
    references = ["train=references.parquet", "heldout=heldout_references.parquet"]
    folders = {"1of2": tmp_path / "sft/trajectory/checkpoint-1of2", "1of1": tmp_path / "sft/checkpoint-1of1"}
    words = ["--plan", "plan.parquet", "--references", *references, "--task", "faq", *GENERATES]
    words += ["--checkpoints", *(f"{point}={folder}" for point, folder in folders.items())]
    program("harvest", *words, "--output", "part.parquet", "--cost", "cost.json")
    harvested = parquet.read(tmp_path / "part.parquet", parquet.COMPLETIONS)
    for point, folder in folders.items():
        check_stored(tmp_path / "rows", folder, [row for row in harvested if row["checkpoint"] == point])
    words = ["--plan", "plan.parquet", "--harvest", "part.parquet", *outputs[:4]]
    program(
        "build_mixture", *words, "--output", "mixture.parquet", "--heldout-output", "heldout_mixture.parquet"
    )
    mixture = parquet.read(tmp_path / "mixture.parquet", parquet.MIXTURE)
    for rows in (harvested, mixture):
        for row in rows:
            assert row["context"] == prepared[row["example_id"]]["context"]
    words = ["--mixture", "mixture.parquet", "--save-points", "1of1", "--cost", "cost.json"]
    program(
        "train_student",
        "--model",
        tiny_model,
        *words,
        *TRAINS,
        *outputs_of("tms"),
        "--masked-targets",
        "warn",
    )

    words = ["--model", "tms/checkpoint-1of1", "--base", tiny_model, "--task", "faq", "--kl-prompts", 4]
    words += ["--heldout-references", outputs[3], "--heldout-mixture", "heldout_mixture.parquet"]
    words += ["--prompts", "heldout=heldout.parquet", "--max-new-tokens", 8, "--threads", 1]
    words += ["--cache", "rows"]
    program("drift", *words, "--output", "drift.json", "--samples", "drift.parquet", "--cost", "cost.json")
    drawn = parquet.read(tmp_path / "drift.parquet", parquet.DRIFT_SAMPLES)
    for who, folder in (("policy", tmp_path / "tms/checkpoint-1of1"), ("base", tiny_model)):
        rows = [row for row in drawn if row["source"] == who]
        assert len({row["context"] for row in rows}) > 1
        check_stored(tmp_path / "rows", folder, rows, temperature=1.0)
