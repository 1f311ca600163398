"""The teacher answers every prompt of both splits, `--tries` times."""

import json

import pyarrow.parquet as pq
import pytest

from tms.io import code_digest, parquet

SAMPLING = ["--tries", 3, "--temperature", 0.7, "--top-p", 0.95, "--max-new-tokens", 6, "--seed", 1]
OUTPUTS = ["--threads", 1, "--cache", "rows", "--output", "out/samples.parquet", "--cost", "out/cost.json"]


def examples(name: str, count: int) -> list[dict]:
    return [
        {
            "example_id": f"{name}-{n}",
            "prompt": f"{name} {n}+1",
            "answer": str(n + 1),
            "problem": f"{n}+1",
            "solution": f"so {n + 1}",
        }
        for n in range(count)
    ]


@pytest.fixture
def words(tiny_model, tmp_path):
    """The command line over 4 training and 2 held-out examples."""
    parquet.write(tmp_path / "train.parquet", parquet.PREPARED, examples("train", 4), {})
    parquet.write(tmp_path / "heldout.parquet", parquet.PREPARED, examples("heldout", 2), {})
    files = ["--examples", "train=train.parquet", "heldout=heldout.parquet"]
    return ["--model", tiny_model, "--task", "sums", *files, *SAMPLING, *OUTPUTS]


def test_samples(program, words, tmp_path, tiny_model):
    done = program("teacher", *words)
    assert done.returncode == 0, done.stderr
    path = tmp_path / "out" / "samples.parquet"
    samples = parquet.read(path, parquet.COMPLETIONS)
    assert [(row["split"], row["example_id"], row["sample"]) for row in samples] == [
        (split, f"{split}-{n}", sample)
        for split, count in (("train", 4), ("heldout", 2))
        for n in range(count)
        for sample in range(3)
    ]
    assert {(row["benchmark"], row["checkpoint"], row["seed"]) for row in samples} == {("sums", "", 1)}
    assert len({tuple(row["completion_ids"]) for row in samples[:3]}) > 1
    for row in samples:
        assert (row["completion_ids"][-1] == 2) == (row["finish_reason"] == "stop")
        assert len(row["completion_ids"]) == 6 or row["finish_reason"] == "stop"
    cost = json.loads((tmp_path / "out" / "cost.json").read_text())
    assert cost["generated_tokens"] == sum(len(row["completion_ids"]) for row in samples)
    assert cost["seconds"] > 0
    facts = parquet.provenance(path)
    assert facts["stage"] == "teacher" and list(facts["weights"]) == [str(tiny_model)]

    again = program("teacher", *words)
    assert "18 of 18 stored, 0 to generate" in again.stderr
    assert parquet.read(path, parquet.COMPLETIONS) == samples
    assert pq.read_schema(path).names == parquet.COMPLETIONS


def test_given_answers_need_no_model(program, words, tmp_path):
    done = program("teacher", "--given", *words[words.index("--task") :], "--tries", 1)
    assert done.returncode == 0, done.stderr
    samples = parquet.read(tmp_path / "out" / "samples.parquet", parquet.COMPLETIONS)
    assert [row["completion"] for row in samples] == ["so 1", "so 2", "so 3", "so 4", "so 1", "so 2"]
    assert {row["finish_reason"] for row in samples} == {"stop"}
    assert json.loads((tmp_path / "out" / "cost.json").read_text())["generated_tokens"] == 0
    assert not (tmp_path / "rows").exists()


def test_a_data_set_without_answers_of_its_own_is_one_line(program, words, tmp_path):
    without = [row | {"solution": ""} for row in examples("train", 2)]
    parquet.write(tmp_path / "train.parquet", parquet.PREPARED, without, {})
    done = program("teacher", "--given", *words[words.index("--task") :])
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "task sums" in line and "no answer of their own" in line and "models.*.teacher" in line


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--tries", 0], "--tries 0"),
        (["--given"], "give one of the two"),
        (["--temperature", -1], "temperature -1.0"),
        (["--model", "nowhere"], "nowhere: no *.safetensors"),
        (["--examples", "train=nowhere.parquet"], "nowhere.parquet: no such file"),
        (["--examples", "train=broken.parquet"], "broken.parquet: not a readable Parquet file"),
        (["--examples", "train=empty.parquet"], "empty.parquet: no examples"),
        (["--examples", "train.parquet"], "write it as name=value"),
        (["--max-new-tokens", 250], "lower max_new_tokens"),
    ],
)
def test_bad_input_is_one_line(program, words, tmp_path, change, message):
    parquet.write(tmp_path / "empty.parquet", parquet.PREPARED, [], {})
    (tmp_path / "broken.parquet").write_bytes((tmp_path / "train.parquet").read_bytes()[:-9])
    done = program("teacher", *words, *change)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ") and message in line
    assert not (tmp_path / "rows").exists()


@pytest.mark.parametrize("stage", ["teacher", "harvest", "generate"])
def test_what_generates_imports_no_grader_and_no_task(stage):
    """So that an edit of a grader regenerates nothing."""
    files = [entry.partition(":")[0] for entry in code_digest.digests(stage)]
    assert "tms/generation/generate.py" in files
    assert not [name for name in files if "grad" in name or "task" in name or "grade" in name]
