"""One model's completions of several benchmarks; a grown limit generates what is new only."""

import shutil

import pytest
from helpers.paths import ROOT

from tms.io import parquet
from tms.io.conversation import context_text
from tms.tasks import calculate
from tms.tool_use.environments import calculator
from tms.tool_use.turns import answered, read_turns

RESOURCES = ROOT / "workflow" / "resources"

COLUMNS = ["benchmark", "example_id", "completion_ids", "finish_reason"]


@pytest.fixture
def words(tiny_model, tmp_path):
    """The command line over two benchmarks of 8 and 5 examples."""
    for name, count in (("sums", 8), ("facts", 5)):
        examples = [
            {"example_id": f"{name}-{n}", "prompt": f"{name} {n}", "answer": "", "cluster": f"{n // 2}"}
            for n in range(count)
        ]
        columns = [*parquet.EXAMPLES, *(["cluster"] if name == "sums" else [])]
        parquet.write(tmp_path / f"{name}.parquet", columns, examples, {})
    files = ["--benchmarks", "sums=sums.parquet", "facts=facts.parquet", "--limits", "sums=3"]
    outputs = ["--threads", 1, "--cache", "rows", "--output", "out.parquet", "--cost", "cost.json"]
    return ["--model", tiny_model, *files, "--temperature", 0, "--max-new-tokens", 8, "facts=4", *outputs]


def test_generations(program, words, tmp_path):
    done = program("generate", *words)  # as Snakemake runs it, once
    assert done.returncode == 0, done.stderr
    found = parquet.read(tmp_path / "out.parquet", parquet.COMPLETIONS)
    assert [row["example_id"] for row in found] == [
        *(f"sums-{n}" for n in range(3)),
        *(f"facts-{n}" for n in range(5)),
    ]
    assert [row["benchmark"] for row in found] == ["sums"] * 3 + ["facts"] * 5
    assert [row["cluster"] for row in found] == ["0", "0", "1"] + [""] * 5
    for row in found:
        limit = 8 if row["benchmark"] == "sums" else 4
        assert row["finish_reason"] == "stop" or len(row["completion_ids"]) == limit
    assert "length" in {row["finish_reason"] for row in found}

    grown = program("generate", *words, "--limits", "sums=5")
    assert "generate sums: 5 rows, 3 of 5 stored, 2 to generate" in grown.stderr
    assert "generate facts: 5 rows, 5 of 5 stored, 0 to generate" in grown.stderr
    more = parquet.read(tmp_path / "out.parquet", COLUMNS)
    assert [row for row in more if row["example_id"] not in ("sums-3", "sums-4")] == [
        {name: row[name] for name in COLUMNS} for row in found
    ]


def test_a_model_answers_calls(program, tmp_path):
    """The miniature that calls a calculator, which is played by the miniature itself."""
    base = shutil.copytree(RESOURCES / "miniature_tools" / "base", tmp_path / "base")
    rows = calculate.build("test", 10, 0, {})
    for row in rows:
        facts = {"kind": "simulated", "calls": 2, "documentation": "calculates", "observations": []}
        row["context"] = context_text([], [calculator.TOOL], facts)
    parquet.write(tmp_path / "sums.parquet", parquet.EXAMPLES, rows, {})
    words = ["--model", base, "--benchmarks", "sums=sums.parquet", "--temperature", 0]
    words += ["--max-new-tokens", 64, "--threads", 1, "--cost", "cost.json"]
    played = ["--simulator", base, "--simulator-max-new-tokens", 32]

    def made(*more):
        done = program("generate", *words, *more, "--output", "out.parquet")
        assert done.returncode == 0, done.stderr
        return done.stderr, parquet.read(tmp_path / "out.parquet", parquet.COMPLETIONS)

    errors, first = made(*played, "--cache", "rows")
    assert "simulated answers: 7 rows, 0 of 7 stored, 7 to generate" in errors
    told = [text for row in first for _, text in answered(read_turns(row["completion"]))]
    assert len(told) == 7 and all(text.startswith("Status Code: ") for text in told)
    errors, again = made(*played, "--cache", "rows")
    assert "simulated answers: 7 rows, 7 of 7 stored, 0 to generate" in errors and again == first
    _, apart = made(*played, "--cache", "others")
    assert [row | {"seconds": 0} for row in apart] == [row | {"seconds": 0} for row in first]
    facts = parquet.provenance(tmp_path / "out.parquet")
    assert facts["simulator"]["weights"] == facts["weights"]

    for more, message in (
        ([], "error: generate sums: rows with simulated tools need a model that answers (--simulator)"),
        (
            [*played, "--simulator-max-new-tokens", 512],
            f"error: --simulator-max-new-tokens 512: {base} has a context of 512, which leaves no room",
        ),
        ([*played, "--engine", "vllm"], "error: --simulator: engine vllm leaves no memory for its model"),
        (["--simulator", "nowhere"], "error: nowhere"),
        ([*played, "--simulator-temperature", -1], "error: temperature -1.0"),
    ):
        done = program("generate", *words, *more, "--cache", "rows", "--output", "out.parquet")
        assert done.returncode == 2 and done.stderr.splitlines()[-1].startswith(message)


def test_stored_rows_need_no_torch(program, own_process, words, tmp_path, monkeypatch):
    program("generate", *words)
    found = parquet.read(tmp_path / "out.parquet", parquet.COMPLETIONS)
    (tmp_path / "torch.py").write_text("raise SystemExit('torch was imported')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    again = own_process("generate", *words)
    assert again.returncode == 0, again.stderr
    assert "generate facts: 5 rows, 5 of 5 stored, 0 to generate" in again.stderr
    assert parquet.read(tmp_path / "out.parquet", parquet.COMPLETIONS) == found


def test_samples(program, words, tmp_path):
    done = program("generate", *words, "--samples", 4, "--temperature", 1, "--limits", "sums=1", "facts=1")
    assert done.returncode == 0, done.stderr
    found = parquet.read(tmp_path / "out.parquet", ["sample", "completion_ids"])
    assert [row["sample"] for row in found] == [0, 1, 2, 3] * 2
    assert len({tuple(row["completion_ids"]) for row in found[:4]}) > 1


def test_checkpoints_of_a_run(program, words, tmp_path, tiny_model):
    other = shutil.copytree(tiny_model, tmp_path / "other")
    (other / "weights.json").unlink(missing_ok=True)
    points = ["--checkpoints", f"1of2={other}", f"7of10={tiny_model}"]
    done = program("generate", *points, *words[2:])
    assert done.returncode == 0, done.stderr
    found = parquet.read(tmp_path / "out.parquet", ["benchmark", "checkpoint", "completion_ids"])
    assert [row["checkpoint"] for row in found] == ["1of2"] * 8 + ["7of10"] * 8
    assert [row["benchmark"] for row in found] == (["sums"] * 3 + ["facts"] * 5) * 2
    alone = program("generate", *words)
    assert alone.returncode == 0
    once = [row["completion_ids"] for row in parquet.read(tmp_path / "out.parquet", COLUMNS)]
    assert [row["completion_ids"] for row in found] == 2 * once  # the same weights


def no_chat_template(tmp_path, tiny_model):
    folder = shutil.copytree(tiny_model, tmp_path / "plain")
    for name in ("chat_template.jinja", "weights.json"):  # the record names the template
        (folder / name).unlink()
    return ["--model", folder]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--limits", "chain=3"], "--limits chain: no such benchmark"),
        (["--limits", "sums=0"], "--limits '0': give a positive whole number"),
        (["--max-new-tokens", "facts=4"], "--max-new-tokens: no number for sums"),
        (["--max-new-tokens", "4", "5"], "give one number for all"),
        (["--max-new-tokens", "240"], "example sums-0 has"),
        (["--samples", 0], "--samples 0"),
        (["--benchmarks", "sums=empty.parquet", "facts=facts.parquet"], "empty.parquet: no examples"),
        (no_chat_template, "plain: the tokenizer has no chat template"),
    ],
)
def test_bad_input_is_one_line(program, words, tmp_path, tiny_model, change, message):
    parquet.write(tmp_path / "empty.parquet", parquet.EXAMPLES, [], {})
    if callable(change):
        change = change(tmp_path, tiny_model)
    done = program("generate", *words, *change)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ") and message in line
    assert not (tmp_path / "rows").exists()
