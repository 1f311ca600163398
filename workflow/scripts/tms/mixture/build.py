"""The mixture: targets that a plan names, joined from references and harvested completions.

Rows stay in Arrow's columns: as Python objects, a million of them with their token ids take many gigabytes.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from tms.io import parquet
from tms.io.errors import InputError

ASKED = "example_id context prompt completion".split()  # of a reference
PAIR = "checkpoint split example_id sample".split()  # what a completion was harvested for
TARGET = "completion completion_ids finish_reason".split()
HARVESTED = PAIR + TARGET
GRADED = "benchmark context answer".split()  # what a grader needs beside it; `context` tells episodes
TAUGHT = {"completion_ids": [], "finish_reason": "stop"}  # of a teacher's answer: training tokenises its text


def pairs(plan: pa.Table) -> pa.Table:
    """Distinct pairs (columns `PAIR`) whose completions a plan names, in order of first use."""
    sampled = plan.filter(pc.equal(plan["source"], "checkpoint")).select(PAIR)
    return sampled.group_by(PAIR, use_threads=False).aggregate([])


def planned_rows(plan: pa.Table, harvest: pa.Table, parts: list[Path]) -> pa.Table:
    """Take the harvested completions that a plan names, each once, in the harvest's order.

    Args:
        plan: columns of `parquet.PLAN`.
        harvest: columns `HARVESTED`, of all parts.
        parts: their files, for the message.

    Raises:
        InputError: a planned completion was not harvested; the line names it and the part files.
    """
    named = pairs(plan)
    places = pc.index_in(_keys(named), value_set=_keys(harvest))
    if places.null_count:
        checkpoint, split, example_id, sample = (
            named.filter(places.is_null()).slice(0, 1).to_pylist()[0].values()
        )
        raise InputError(
            f"{', '.join(map(str, parts))}: no completion of {split} example {example_id} at checkpoint "
            f"{checkpoint}, sample {sample} ({places.null_count} planned ones missing); "
            f"delete these files and run harvest again"
        )
    return harvest if len(named) == len(harvest) else harvest.take(places.sort())


def reject(harvest: pa.Table, refused: list[bool]) -> pa.Table:
    """Mark refused completions with finish_reason "rejected".

    Like a truncated target, a refused one keeps its place in the plan and gives no loss, so that the order
    of prompts and the number of steps never change (`harvest.keep: correct`).

    Args:
        harvest: columns `HARVESTED`.
        refused: of each row, whether its answer is refused.
    """
    stopped = pc.equal(harvest["finish_reason"], "stop")
    marked = pc.if_else(pc.and_(stopped, pa.array(refused, pa.bool_())), "rejected", harvest["finish_reason"])
    return harvest.set_column(harvest.column_names.index("finish_reason"), "finish_reason", marked)


def mix(plan: pa.Table, references: pa.Table, harvest: pa.Table) -> Iterator[pa.Table]:
    """Fill in the target of each planned visit (Algorithm 1, lines 13-16).

    Args:
        plan: columns of `parquet.PLAN`, all of one split.
        references: verified answers (columns `ASKED`).
        harvest: completions as `planned_rows` gives them.

    Yields:
        Columns of `parquet.MIXTURE`, some rows at a time. A teacher's row has no token ids: training
        tokenises its text, while sampled completions keep the ids that the model itself produced.

    Raises:
        InputError: the plan names a prompt that has no reference.
    """
    asked = pc.index_in(plan["example_id"], value_set=references["example_id"])
    if asked.null_count:
        gone = plan.filter(asked.is_null()).slice(0, 1).to_pylist()[0]
        raise InputError(
            f"plan: example {gone['example_id']} ({gone['split']}) has no reference; "
            f"the plan is older than the references: run plan_mixture again"
        )
    sampled = pc.index_in(_keys(plan), value_set=_keys(harvest))  # null for the teacher
    for start in range(0, len(plan), parquet.GROUP):
        visits = plan.slice(start, parquet.GROUP)
        reference = references.take(asked.slice(start, parquet.GROUP))
        target = harvest.take(sampled.slice(start, parquet.GROUP))
        taught = pc.equal(visits["source"], "teacher")
        columns = {name: visits[name] for name in plan.column_names}
        columns |= {name: reference[name] for name in ("context", "prompt")}
        for name in TARGET:
            answer = pa.scalar(TAUGHT[name], parquet.COLUMNS[name]) if name in TAUGHT else reference[name]
            columns[name] = pc.if_else(taught, answer, target[name])
        yield pa.table({name: columns[name] for name in parquet.MIXTURE})


def masked_shares(harvest: pa.Table) -> dict[str, dict[str, float]]:
    """Share of completions that give no loss, for each checkpoint and finish_reason other than "stop"."""
    counts = harvest.group_by(["checkpoint", "finish_reason"]).aggregate([([], "count_all")]).to_pylist()
    number = {(row["checkpoint"], row["finish_reason"]): row["count_all"] for row in counts}
    totals: dict[str, int] = {}
    for (checkpoint, _), count in number.items():
        totals[checkpoint] = totals.get(checkpoint, 0) + count
    return {
        checkpoint: {
            reason: number[checkpoint, reason] / total
            for reason in ("length", "rejected")
            if (checkpoint, reason) in number
        }
        for checkpoint, total in totals.items()
    }


def _keys(table: pa.Table) -> pa.ChunkedArray:
    """One text a row for its pair: lookups take single columns."""
    return pc.binary_join_element_wise(*(pc.cast(table[name], pa.string()) for name in PAIR), "\0")
