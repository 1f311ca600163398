"""Joining a plan with references and harvested completions."""

from itertools import product
from pathlib import Path
from random import Random

import pytest

from tms.io import parquet
from tms.io.errors import InputError
from tms.mixture.build import ASKED, HARVESTED, TARGET, masked_shares, mix, planned_rows, reject

REFERENCES = [{"example_id": "a", "prompt": "p-a", "completion": "taught", "answer": "1"}]


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
        "benchmark": "chain",
        "checkpoint": "1of2",
        "sample": 0,
        "completion": "sampled",
        "completion_ids": [7, 8],
        "finish_reason": "stop",
        "answer": "1",
    } | changes


def planned(*visits):
    return parquet.table(parquet.PLAN, list(visits))


def harvested(*completions):
    return parquet.table(HARVESTED, list(completions))


def mixed(visits, references=REFERENCES, completions=()):
    tables = mix(planned(*visits), parquet.table(ASKED, references), harvested(*completions))
    return [row for table in tables for row in table.to_pylist()]


def test_a_teachers_row_is_the_reference_and_has_no_ids():
    [row] = mixed([visit("teacher", "")])
    assert list(row) == parquet.MIXTURE
    assert (row["completion"], row["completion_ids"], row["finish_reason"]) == ("taught", [], "stop")


def test_a_checkpoints_row_keeps_the_ids_that_the_model_produced():
    [row] = mixed([visit()], completions=[completion(finish_reason="length")])
    assert (row["completion"], row["completion_ids"], row["finish_reason"]) == ("sampled", [7, 8], "length")
    assert row["prompt"] == "p-a"


def test_a_row_keeps_the_messages_before_its_prompt():
    context = '[{"role": "system", "content": "Add."}]'
    visits = [visit("teacher", ""), visit()]
    rows = mixed(visits, [REFERENCES[0] | {"context": context}], [completion()])
    assert [row["context"] for row in rows] == [context, context]
    assert mixed([visit("teacher", "")])[0]["context"] == ""


def test_a_pair_drawn_twice_gives_the_same_text():
    visits = [visit(), visit() | {"epoch": 1, "position": 1}]
    first, second = mixed(visits, completions=[completion()])
    assert first["completion_ids"] == second["completion_ids"]
    assert (first["epoch"], second["epoch"]) == (0, 1)


def test_every_visit_gets_the_target_that_it_names(monkeypatch):
    """Against a join of dictionaries, over several batches, with pairs that differ in one column alone."""
    monkeypatch.setattr(parquet, "GROUP", 7)
    draw = Random(0)
    pairs = list(product(["1of2", "1of1"], "ab", range(3)))
    completions = [
        completion(checkpoint=point, example_id=name, sample=sample, completion=f"{point} {name} {sample}")
        | {"completion_ids": [number] * (number % 3), "finish_reason": draw.choice(["stop", "length"])}
        for number, (point, name, sample) in enumerate(pairs)
    ]
    draw.shuffle(completions)
    visits = [
        visit("teacher", "", name) if draw.random() < 0.3 else visit("checkpoint", point, name, sample)
        for point, name, sample in draw.choices(pairs, k=50)
    ]
    visits = [row | {"position": position} for position, row in enumerate(visits)]
    references = [REFERENCES[0] | {"example_id": name, "completion": f"taught {name}"} for name in "ba"]
    stored = {(row["checkpoint"], row["example_id"], row["sample"]): row for row in completions}
    rows = mixed(visits, references, completions)
    assert [{name: row[name] for name in visits[0]} for row in rows] == visits
    for row in rows:
        if row["source"] == "teacher":
            assert (row["completion"], row["completion_ids"]) == (f"taught {row['example_id']}", [])
            assert row["finish_reason"] == "stop"
        else:
            target = stored[row["checkpoint"], row["example_id"], row["sample"]]
            assert {name: row[name] for name in TARGET} == {name: target[name] for name in TARGET}


def test_a_refused_completion_is_marked_and_a_truncated_one_stays_truncated():
    harvest = harvested(completion(), completion(checkpoint="1of1", finish_reason="length"))
    marked = reject(harvest, [True, True])
    assert marked["finish_reason"].to_pylist() == ["rejected", "length"]
    assert reject(harvest, [False, False])["finish_reason"].to_pylist() == ["stop", "length"]
    assert masked_shares(marked) == {"1of2": {"rejected": 1.0}, "1of1": {"length": 1.0}}
    assert masked_shares(harvested(completion(), completion(finish_reason="length"))) == {
        "1of2": {"length": 0.5}
    }


def test_a_missing_completion_is_named_with_its_part_files():
    plan = planned(visit(), visit("teacher", ""), visit(example_id="b"))
    message = (
        r"part-1of1.parquet: no completion of train example b .* 1of2, sample 0 \(1 planned ones missing"
    )
    with pytest.raises(InputError, match=message):
        planned_rows(plan, harvested(completion()), [Path("harvest/part-1of1.parquet")])


def test_each_planned_completion_comes_once():
    harvest = harvested(*(completion(example_id=name) for name in "abc"))
    plan = planned(visit(example_id="c"), visit("teacher", ""), visit(), visit(example_id="c"))
    assert planned_rows(plan, harvest, [])["example_id"].to_pylist() == ["a", "c"]


def test_a_plan_older_than_the_references_is_refused():
    with pytest.raises(InputError, match=r"example gone .* run plan_mixture again"):
        mixed([visit("teacher", "", example_id="gone")])
