"""The base answers general prompts once, at temperature 1; whoever replays them trains on its token ids."""

import json

import pytest

from tms.io import code_digest, parquet

FLAGS = ["--max-new-tokens", 6, "--threads", 1, "--cache", "rows"]
OUTPUTS = ["--output", "out/answers.parquet", "--cost", "out/cost.json"]


@pytest.fixture
def words(tiny_model, tmp_path):
    """The command line over 5 prompts."""
    rows = [
        {"example_id": f"g{n}", "prompt": f"{n} and?", "answer": "", "problem": f"{n}", "solution": ""}
        for n in range(5)
    ]
    parquet.write(tmp_path / "train.parquet", parquet.PREPARED, rows, {})
    return ["--model", tiny_model, "--task", "words", "--examples", "train.parquet", *FLAGS, *OUTPUTS]


def test_each_prompt_has_one_sampled_answer_with_its_ids(program, words, tmp_path, tiny_model):
    done = program("answer_general", *words)
    assert done.returncode == 0, done.stderr
    rows = parquet.read(tmp_path / "out/answers.parquet", parquet.COMPLETIONS)
    assert [row["example_id"] for row in rows] == [f"g{n}" for n in range(5)]
    assert {(row["benchmark"], row["split"], row["checkpoint"], row["seed"]) for row in rows} == {
        ("words", "train", "0of1", 0)
    }
    for row in rows:
        assert (row["completion_ids"][-1] == 2) == (row["finish_reason"] == "stop")
        assert len(row["completion_ids"]) == 6 or row["finish_reason"] == "stop"
    facts = parquet.provenance(tmp_path / "out/answers.parquet")
    assert facts["stage"] == "answer_general" and list(facts["weights"]) == [str(tiny_model)]
    assert "temperature=1.0, top_p=1.0, top_k=0" in facts["sampling"]
    cost = json.loads((tmp_path / "out/cost.json").read_text())
    assert (cost["rollouts"], cost["optimizer_steps"]) == (5, 0)
    again = program("answer_general", *words)
    assert "5 of 5 stored, 0 to generate" in again.stderr
    assert parquet.read(tmp_path / "out/answers.parquet", parquet.COMPLETIONS) == rows


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--examples", "nowhere.parquet"], "nowhere.parquet: no such file"),
        (["--examples", "empty.parquet"], "empty.parquet: no examples"),
        (["--model", "nowhere"], "nowhere: no *.safetensors"),
        (["--max-new-tokens", 250], "lower max_new_tokens of its task"),
    ],
)
def test_bad_input_is_one_line(program, words, tmp_path, change, message):
    parquet.write(tmp_path / "empty.parquet", parquet.PREPARED, [], {})
    done = program("answer_general", *words, *change)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ") and message in line
    assert not (tmp_path / "rows").exists()


def test_no_grader_and_no_task_is_imported():
    files = [entry.partition(":")[0] for entry in code_digest.digests("answer_general")]
    assert "tms/generation/generate.py" in files
    assert not [name for name in files if "grad" in name or "task" in name]
