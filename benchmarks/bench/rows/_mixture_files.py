"""Made-up references, plan and harvest of a student's run."""

from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tms.io import parquet
from tms.mixture.build import pairs

POINTS = ["1of4", "1of2", "3of4", "1of1"]
EPOCHS, TOKENS, LETTERS = 2, 100, 400  # visits of a prompt; length of a completion
TEXTS = ["".join(Random(number).choices("abcdefgh ", k=LETTERS)) for number in range(97)]


def write_harvested(folder: Path, rows: int) -> None:
    """References, plan and harvest of a plan of `rows` visits."""
    write_references(folder, rows)
    write_plan(folder)
    write_harvest(folder)


def write_references(folder: Path, rows: int) -> None:
    """References of both splits, for a plan of `rows` visits."""
    for split, count in (("train", rows // EPOCHS), ("heldout", rows // 100)):
        examples = (
            {
                "example_id": f"{split}-{number}",
                "prompt": f"{number} {TEXTS[number % 97]}",
                "completion": f"{TEXTS[number % 89]} {number}",
                "answer": str(number),
            }
            for number in range(count)
        )
        parquet.write(folder / f"{split}.parquet", parquet.REFERENCES, examples, {})


def write_plan(folder: Path) -> None:
    """The plan of the references, by the workflow's own program."""
    import plan_mixture

    plan_mixture.main(plan_mixture.parser().parse_args(plan_words(folder)))


def write_harvest(folder: Path) -> None:
    """A completion for each pair of the plan, made column by column."""
    named = pairs(parquet.read_table(folder / "plan.parquet", parquet.PLAN))
    schema = pa.schema([(name, parquet.COLUMNS[name]) for name in parquet.COMPLETIONS])
    with pq.ParquetWriter(folder / "harvest.parquet", schema, compression="zstd") as file:
        for start in range(0, len(named), parquet.GROUP):
            part = named.slice(start, parquet.GROUP)
            numbers = pa.array(range(start * TOKENS, (start + len(part)) * TOKENS), pa.int64())
            tokens = pc.cast(pc.bit_wise_and(numbers, 32767), pa.int32())
            ends = pa.array(range(0, len(part) * TOKENS + 1, TOKENS), pa.int32())
            places = range(start, start + len(part))
            columns = {name: part[name] for name in part.column_names} | {
                "completion": pa.array([f"{TEXTS[place % 97]} {place}" for place in places]),
                "completion_ids": pa.ListArray.from_arrays(ends, tokens),
                "finish_reason": pa.array(["stop" if place % 50 else "length" for place in places]),
            }
            rest = {name: pa.nulls(len(part), schema.field(name).type) for name in schema.names}
            file.write_table(pa.table(rest | columns).select(schema.names).cast(schema))


def plan_words(folder: Path) -> list[str]:
    """Flags of `plan_mixture`."""
    words = ["--alpha", 0.5, "--epochs", EPOCHS, "--effective-batch", 64, "--seed", 0]
    words += ["--points", *POINTS, "--weights", *[1 / len(POINTS)] * len(POINTS)]
    return [*references(folder), *map(str, words), "--output", str(folder / "plan.parquet")]


def references(folder: Path) -> list[str]:
    """Flags that name the references of both splits."""
    return [
        "--references",
        str(folder / "train.parquet"),
        "--heldout-references",
        str(folder / "heldout.parquet"),
    ]
