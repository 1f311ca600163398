"""Joining a plan with references and harvested completions."""

from pathlib import Path

import pytest

from tms.io import parquet
from tms.io.errors import InputError
from tms.mixture.build import check_complete, masked_shares, mix, read_harvest, reject

REFERENCES = {"a": {"example_id": "a", "prompt": "p-a", "completion": "taught", "answer": "1"}}
PAIR = ("1of2", "train", "a", 0)


def visit(source="checkpoint", checkpoint="1of2", example_id="a", sample=0):
    return {
        "split": "train",
        "epoch": 0,
        "position": 0,
        "example_id": example_id,
        "source": source,
        "checkpoint": checkpoint,
        "sample": sample,
    }


def completion(**changes):
    return {
        "split": "train",
        "example_id": "a",
        "checkpoint": "1of2",
        "sample": 0,
        "completion": "sampled",
        "completion_ids": [7, 8],
        "finish_reason": "stop",
        "answer": "1",
    } | changes


def test_a_teachers_row_is_the_reference_and_has_no_ids():
    [row] = mix([visit("teacher", "")], REFERENCES, {})
    assert list(row) and set(row) == set(parquet.MIXTURE)
    assert (row["completion"], row["completion_ids"], row["finish_reason"]) == ("taught", [], "stop")


def test_a_checkpoints_row_keeps_the_ids_that_the_model_produced():
    [row] = mix([visit()], REFERENCES, {PAIR: completion(finish_reason="length")})
    assert (row["completion"], row["completion_ids"], row["finish_reason"]) == ("sampled", [7, 8], "length")
    assert row["prompt"] == "p-a"


def test_a_row_keeps_the_messages_before_its_prompt():
    context = '[{"role": "system", "content": "Add."}]'
    references = {"a": REFERENCES["a"] | {"context": context}}
    rows = mix([visit("teacher", ""), visit()], references, {PAIR: completion()})
    assert [row["context"] for row in rows] == [context, context]
    assert mix([visit("teacher", "")], REFERENCES, {})[0]["context"] == ""


def test_a_pair_drawn_twice_gives_the_same_text():
    first, second = mix([visit(), visit() | {"epoch": 1, "position": 1}], REFERENCES, {PAIR: completion()})
    assert first["completion_ids"] == second["completion_ids"]
    assert (first["epoch"], second["epoch"]) == (0, 1)


def test_a_refused_completion_is_marked_and_a_truncated_one_stays_truncated():
    other = ("1of1", "train", "a", 0)
    harvest = {PAIR: completion(), other: completion(checkpoint="1of1", finish_reason="length")}
    marked = reject(harvest, {PAIR, other})
    assert [row["finish_reason"] for row in marked.values()] == ["rejected", "length"]
    assert [row["finish_reason"] for row in reject(harvest, set()).values()] == ["stop", "length"]
    assert masked_shares(marked) == {"1of2": {"rejected": 1.0}, "1of1": {"length": 1.0}}


def test_a_missing_completion_is_named_with_its_part_files():
    with pytest.raises(InputError, match=r"part-1of1.parquet: no completion of train example a .* 1of2"):
        check_complete([visit(), visit("teacher", "")], {}, [Path("harvest/part-1of1.parquet")])
    check_complete([visit(), visit("teacher", "")], {PAIR: completion()}, [])


def test_a_plan_older_than_the_references_is_refused():
    with pytest.raises(InputError, match=r"example gone .* run plan_mixture again"):
        mix([visit("teacher", "", example_id="gone")], REFERENCES, {})


def test_parts_are_read_together(tmp_path):
    extra = {"benchmark": "chain", "seed": 0, "prompt": "p-a", "seconds": 0.1}
    parts = [tmp_path / "part-1of2.parquet", tmp_path / "part-2of2.parquet"]
    parquet.write(parts[0], parquet.COMPLETIONS, [completion() | extra], {})
    parquet.write(parts[1], parquet.COMPLETIONS, [completion(sample=1, completion="other") | extra], {})
    harvest = read_harvest(parts)
    assert {pair: row["completion"] for pair, row in harvest.items()} == {
        PAIR: "sampled",
        ("1of2", "train", "a", 1): "other",
    }
