"""Likelihoods of choices as a program: a grown limit, checkpoints of a run, and bad input."""

import json
import shutil

import pytest

from tms.data.choice_prompt import choice_row
from tms.io import parquet


@pytest.fixture
def words(tiny_model, tmp_path):
    """The command line over two benchmarks of 6 and 2 questions."""
    for name, count in (("sums", 6), ("facts", 2)):
        rows = [choice_row(f"{name}-{n}", f"{name} {n}?", [f"{n}", "a", "none"], 0) for n in range(count)]
        rows = [row | {"cluster": name} for row in rows]
        columns = [*parquet.PREPARED, *(["cluster"] if name == "sums" else [])]
        parquet.write(tmp_path / f"{name}.parquet", columns, rows, {})
    files = ["--benchmarks", "sums=sums.parquet", "facts=facts.parquet", "--limits", "sums=3"]
    outputs = ["--threads", 1, "--cache", "rows", "--output", "out.parquet", "--cost", "cost.json"]
    return ["--model", tiny_model, *files, *outputs]


def test_likelihoods(program, words, tmp_path):
    done = program("likelihoods", *words)
    assert done.returncode == 0, done.stderr
    assert "likelihoods: 15/15 choices (100 %)" in done.stderr and "s left" in done.stderr
    found = parquet.read(tmp_path / "out.parquet", parquet.LIKELIHOODS)
    assert [row["example_id"] for row in found] == [*(f"sums-{n}" for n in range(3)), "facts-0", "facts-1"]
    assert [row["cluster"] for row in found] == ["sums"] * 3 + [""] * 2
    assert all(len(row["logprobs"]) == 3 and max(row["logprobs"]) < 0 for row in found)
    assert len(parquet.provenance(tmp_path / "out.parquet")["weights"]) == 1
    spent = json.loads((tmp_path / "cost.json").read_text())
    assert spent["seconds"] > 0 and spent["generated_tokens"] == 0

    grown = program("likelihoods", *words, "--limits", "sums=5")
    assert "likelihoods: 7 rows, 15 of 21 choices stored, 6 to score" in grown.stderr
    more = parquet.read(tmp_path / "out.parquet", parquet.LIKELIHOODS)
    assert [row for row in more if row["example_id"] not in ("sums-3", "sums-4")] == found


def test_stored_ones_need_no_torch(program, own_process, words, tmp_path, monkeypatch):
    program("likelihoods", *words)
    found = parquet.read(tmp_path / "out.parquet", parquet.LIKELIHOODS)
    (tmp_path / "torch.py").write_text("raise SystemExit('torch was imported')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    again = own_process("likelihoods", *words)
    assert again.returncode == 0, again.stderr
    assert "15 of 15 choices stored, 0 to score" in again.stderr
    assert parquet.read(tmp_path / "out.parquet", parquet.LIKELIHOODS) == found


def test_checkpoints_of_a_run(program, words, tmp_path, tiny_model):
    same = shutil.copytree(tiny_model, tmp_path / "same")
    done = program("likelihoods", "--checkpoints", f"1of2={same}", f"7of10={tiny_model}", *words[2:])
    assert done.returncode == 0, done.stderr
    assert "likelihoods 7of10: 5 rows, 15 of 15 choices stored, 0 to score" in done.stderr
    found = parquet.read(tmp_path / "out.parquet", ["checkpoint", "logprobs"])
    assert [row["checkpoint"] for row in found] == ["1of2"] * 5 + ["7of10"] * 5
    assert [row["logprobs"] for row in found[:5]] == [row["logprobs"] for row in found[5:]]


def test_bad_input_is_one_line(program, words, tmp_path):
    row = choice_row("sums-0", "sums?", ["a", "b"], 0)
    for change, message in (
        ({"answer": "7"}, "error: sums: row sums-0: no question with choices; use scoring: generate"),
        (choice_row("sums-0", "sums?", ["a", ""], 0), "error: sums: row sums-0: choice 2 is empty"),
    ):
        parquet.write(tmp_path / "sums.parquet", parquet.PREPARED, [row | change], {})
        done = program("likelihoods", *words)
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert line.startswith(message)
    assert not (tmp_path / "rows").exists()
