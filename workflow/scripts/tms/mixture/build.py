"""The mixture: targets that a plan names, joined from references and harvested completions."""

from collections import Counter
from pathlib import Path

from tms.io import parquet
from tms.io.errors import InputError
from tms.mixture.plan import pairs

HARVESTED = (
    "split example_id benchmark checkpoint sample completion completion_ids finish_reason answer".split()
)


def read_harvest(parts: list[Path]) -> dict[tuple[str, str, str, int], dict]:
    """Read harvested completions of all parts by (checkpoint, split, example_id, sample)."""
    return {
        (row["checkpoint"], row["split"], row["example_id"], row["sample"]): row
        for part in parts
        for row in parquet.read(part, HARVESTED)
    }


def check_complete(plan: list[dict], harvest: dict, parts: list[Path]) -> None:
    """Check that every planned completion was harvested.

    Raises:
        InputError: one is missing; the line names it and the part files.
    """
    missing = [pair for pair in pairs(plan) if pair not in harvest]
    if missing:
        checkpoint, split, example_id, sample = missing[0]
        raise InputError(
            f"{', '.join(map(str, parts))}: no completion of {split} example {example_id} at checkpoint "
            f"{checkpoint}, sample {sample} ({len(missing)} planned ones missing); "
            f"delete these files and run harvest again"
        )


def reject(harvest: dict, refused: set) -> dict:
    """Mark refused completions with finish_reason "rejected".

    Like a truncated target, a refused one keeps its place in the plan and gives no loss, so that the order
    of prompts and the number of steps never change (`harvest.keep: correct`).
    """
    return {
        pair: row | {"finish_reason": "rejected"}
        if pair in refused and row["finish_reason"] == "stop"
        else row
        for pair, row in harvest.items()
    }


def mix(plan: list[dict], references: dict[str, dict], harvest: dict) -> list[dict]:
    """Fill in the target of each planned visit (Algorithm 1, lines 13-16).

    Args:
        plan: rows with the columns of `parquet.PLAN`, all of one split.
        references: verified answers by example_id.
        harvest: completions as `read_harvest` gives them.

    Returns:
        Rows with the columns of `parquet.MIXTURE`. A teacher's row has no token ids: training tokenises its
        text, while sampled completions keep the ids that the model itself produced.

    Raises:
        InputError: the plan names a prompt that has no reference.
    """
    mixed = []
    for visit in plan:
        if visit["example_id"] not in references:
            raise InputError(
                f"plan: example {visit['example_id']} ({visit['split']}) has no reference; "
                f"the plan is older than the references: run plan_mixture again"
            )
        reference = references[visit["example_id"]]
        if visit["source"] == "teacher":
            target = {"completion": reference["completion"], "completion_ids": [], "finish_reason": "stop"}
        else:
            row = harvest[visit["checkpoint"], visit["split"], visit["example_id"], visit["sample"]]
            target = {name: row[name] for name in ("completion", "completion_ids", "finish_reason")}
        asked = {"context": reference.get("context", ""), "prompt": reference["prompt"]}
        mixed.append(visit | target | asked)
    return mixed


def masked_shares(harvest: dict) -> dict[str, dict[str, float]]:
    """Share of completions that give no loss, for each checkpoint and finish_reason other than "stop"."""
    totals = Counter(row["checkpoint"] for row in harvest.values())
    masked = Counter((row["checkpoint"], row["finish_reason"]) for row in harvest.values())
    return {
        checkpoint: {
            reason: masked[checkpoint, reason] / total
            for reason in ("length", "rejected")
            if masked[checkpoint, reason]
        }
        for checkpoint, total in totals.items()
    }
