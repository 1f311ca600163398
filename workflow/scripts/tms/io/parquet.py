"""Rows on disk: one vocabulary of columns, Parquet files with their provenance in the schema metadata."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tms.io import parquet_file
from tms.io.conversation import check_contexts
from tms.io.errors import InputError

# Every column that any stage writes, once. A file holds a subset.
COLUMNS = {
    "example_id": pa.string(),
    "benchmark": pa.string(),  # task name
    "split": pa.string(),  # train | heldout | test
    "method": pa.string(),
    "seed": pa.int64(),
    "sample": pa.int64(),  # index among the samples of one prompt
    "epoch": pa.int64(),
    "position": pa.int64(),  # place in the training order, over all epochs
    "source": pa.string(),  # teacher | checkpoint; of a sample for KL: policy | base
    "checkpoint": pa.string(),  # point of the run, e.g. 3of10; "" for the teacher
    "context": pa.string(),  # messages before the prompt, as JSON (`tms.io.conversation`); "" without any
    "prompt": pa.string(),  # the user's last message
    # The prompt's images, as `datasets` stores them: of prepared rows alone, others name them in `context`.
    "images": pa.list_(pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
    "prompt_ids": pa.list_(pa.int32()),
    "completion": pa.string(),
    "completion_ids": pa.list_(pa.int32()),  # includes the end token where finish_reason is "stop"
    "finish_reason": pa.string(),  # stop | length; in a mixture also rejected (harvest.keep: correct)
    "answer": pa.string(),  # the gold answer
    "cluster": pa.string(),  # what related examples share, which are resampled together; "": none
    "problem": pa.string(),  # the problem's own text without instructions, for the contamination gate
    "solution": pa.string(),  # the data set's own worked solution, "" where it has none
    "judgement": pa.string(),  # the judge model's raw output on a completion
    "extracted": pa.string(),  # the answer found in the completion
    "logprobs": pa.list_(pa.float64()),  # of each choice of the question, nats, summed over its tokens
    "grade": pa.float64(),  # score in [0, 1]; null where the row does not count for the headline metric
    "also": pa.string(),  # items of other metrics, as JSON {metric: [item, ...]}
    "reason": pa.string(),  # why a row was rejected, or why its grader failed ("" where it did not)
    "seconds": pa.float64(),  # generation time that falls to this row; of a training step, since the start
    "prompts": pa.string(),  # set of prompts: heldout, or a benchmark
    "kl": pa.float64(),  # KL between the policy that wrote the completion and the other one, nats a sequence
    # What on-policy training logs at each step (`CURVE`); its KL, as every one, is in nats a completion.
    "step": pa.int64(),  # optimiser step, from 1
    "reward": pa.float64(),  # mean over the step's scored rollouts
    "reward_std": pa.float64(),
    "equal": pa.float64(),  # share of the prompts whose rollouts' rewards are all equal
    "entropy": pa.float64(),  # nats a token, mean
    "length": pa.float64(),  # tokens a rollout, mean
    "truncated": pa.float64(),  # share of the rollouts that were cut at the limit
    "failures": pa.int64(),  # rollouts that the machine has lost, or whose grader failed
    "rollouts": pa.int64(),
    "tokens": pa.int64(),  # in the loss
    "loss": pa.float64(),
    "learning_rate": pa.float64(),
    # What was measured (`CELLS`).
    "experiment": pa.string(),
    "model": pa.string(),
    "train_task": pa.string(),  # "" where the value is over all runs
    "group": pa.string(),
    "quantity": pa.string(),
    "x": pa.float64(),  # the setting that a sweep varies
    "value": pa.float64(),
    "ci_low": pa.float64(),  # 95 % interval over test examples
    "ci_high": pa.float64(),
    "seeds_low": pa.float64(),  # 95 % interval over seeds
    "seeds_high": pa.float64(),
    "n": pa.int64(),  # examples
    "seeds": pa.int64(),
    "p_value": pa.float64(),  # of a test over test examples, corrected over its table
    "p_uncorrected": pa.float64(),  # of that test alone
    "mark": pa.string(),
    "note": pa.string(),
}

# Columns that rows and files may lack, and what stands for them then.
DEFAULTS = {"context": "", "images": [], "cluster": ""}

EXAMPLES = ["example_id", "context", "prompt", "answer"]
PREPARED = [*EXAMPLES, "problem", "solution"]  # and `images` and `cluster` where a row has one
COMPLETIONS = (
    "example_id benchmark split seed sample checkpoint context prompt completion completion_ids "
    "finish_reason answer seconds cluster"
).split()
LIKELIHOODS = "example_id benchmark checkpoint sample prompt answer logprobs seconds cluster".split()
REFERENCES = ["example_id", "context", "prompt", "completion", "answer"]
REJECTS = [*COMPLETIONS, "reason"]
JUDGEMENTS = ["example_id", "benchmark", "checkpoint", "sample", "judgement", "finish_reason"]
PLAN = ["split", "epoch", "position", "example_id", "source", "checkpoint", "sample"]
MIXTURE = [*PLAN, "context", "prompt", "completion", "completion_ids", "finish_reason"]
GRADES = "example_id benchmark checkpoint sample extracted grade also finish_reason reason cluster".split()
# Temperature-1 samples of a trained policy and of the base, with the KL between the two (Theorem 6.1).
DRIFT_SAMPLES = [*COMPLETIONS, "source", "prompts", "kl"]
# One row an optimiser step of an on-policy run; null where an algorithm has no such number; seconds cumulate.
CURVE = (
    "step reward reward_std equal kl entropy length truncated failures rollouts tokens loss "
    "learning_rate seconds"
).split()
# One measured number of an experiment; every table and figure is drawn from these.
CELLS = (
    "experiment model method train_task checkpoint group prompts quantity x value ci_low ci_high "
    "seeds_low seeds_high n seeds p_value p_uncorrected mark note"
).split()

BATCH = 4096  # rows that are filtered at once
GROUP = 16_384  # rows that are written at once
IMAGE_BYTES = 1 << 20  # of the rows that are written at once, and that a reader of one of them reads


def write(path: Path, columns: list[str], rows: Iterable[dict], provenance: dict) -> None:
    """Write rows as a Parquet file with the given columns; the file appears whole or not at all.

    Args:
        path: target file; its folder is made.
        columns: names from `COLUMNS`, in order; every row has each of them, but for those of `DEFAULTS`.
        rows: one dictionary a row.
        provenance: JSON-able facts that make the file (stage, flags, digests, versions), kept as the
            schema's `tms` metadata.

    Raises:
        InputError: as `whole_file.writing`.
    """
    write_tables(path, columns, _tables(columns, rows), provenance)


def write_tables(path: Path, columns: list[str], tables: Iterable[pa.Table], provenance: dict) -> None:
    """Write tables with the given columns one after the other; arguments and errors as of `write`."""
    schema = pa.schema([(name, COLUMNS[name]) for name in columns], metadata={"tms": json.dumps(provenance)})
    parquet_file.write_tables(schema, (table.cast(schema) for table in tables), path)


def table(columns: list[str], rows: list[dict]) -> pa.Table:
    """Rows as Arrow's columns; arguments as of `write`."""
    values = {
        name: [row.get(name, DEFAULTS[name]) if name in DEFAULTS else row[name] for row in rows]
        for name in columns
    }
    return pa.table({name: pa.array(values[name], COLUMNS[name]) for name in columns})


def _tables(columns: list[str], rows: Iterable[dict]) -> Iterator[pa.Table]:
    """Tables of at most `GROUP` rows; one without a row where there are none."""
    source = iter(rows)
    groups = _by_bytes(source) if "images" in columns else iter(lambda: list(islice(source, GROUP)), [])
    yield table(columns, next(groups, []))
    for group in groups:
        yield table(columns, group)


def _by_bytes(rows: Iterable[dict]) -> Iterator[list[dict]]:
    """Rows in groups that end where they have `IMAGE_BYTES` of images, or are `GROUP`."""
    group, size = [], 0
    for row in rows:
        group.append(row)
        size += sum(len(image["bytes"]) for image in row.get("images") or [])
        if size >= IMAGE_BYTES or len(group) == GROUP:
            yield group
            group, size = [], 0
    if group:
        yield group


def read(
    path: Path, columns: list[str], filters: list | None = None, benchmark: str | None = None
) -> list[dict]:
    """Read the named columns of a Parquet file as one dictionary a row.

    Args:
        path: the file.
        columns: names; a column of `DEFAULTS` that the file lacks is filled.
        filters: which rows, in pyarrow's form, by columns that are read; all of them by default.
        benchmark: task of all rows of a file without that column, which then is read too (the rows of a joint
            target have it).

    Raises:
        InputError: the file is missing, damaged, lacks a column or has one of another type than in `COLUMNS`,
            or a row's `context` cannot be read.
    """
    return read_table(path, columns, filters, benchmark).to_pylist()


def read_table(
    path: Path, columns: list[str], filters: list | None = None, benchmark: str | None = None
) -> pa.Table:
    """Read the named columns of a Parquet file as a table; arguments as of `read`.

    Raises:
        InputError: as `read`.
    """
    defaults = DEFAULTS
    if benchmark is not None:
        columns, defaults = [*columns, "benchmark"], defaults | {"benchmark": benchmark}
    with _opened(path) as file:
        there = file.schema_arrow.names
        if missing := [name for name in columns if name not in there and name not in defaults]:
            raise _lacks(path, missing, there)
        check_types(path, file.schema_arrow, [name for name in columns if name in there])
        found = _table(file, [name for name in columns if name in there], filters)
    for name in [name for name in columns if name not in there]:
        found = found.append_column(name, pa.repeat(pa.scalar(defaults[name], COLUMNS[name]), len(found)))
    if "context" in columns and "context" in there:
        named = found.select([name for name in ("example_id", "context") if name in columns])
        check_contexts((row for batch in named.to_batches() for row in batch.to_pylist()), path)
    return found.select(columns)


def count(path: Path) -> int:
    """Number of rows of a Parquet file.

    Raises:
        InputError: the file is missing or damaged.
    """
    with _opened(path) as file:
        return file.metadata.num_rows


def read_references(path: Path, benchmark: str | None = None) -> list[dict]:
    """Read verified references; arguments as of `read`.

    Raises:
        InputError: the file cannot be read, or holds none.
    """
    return reference_table(path, REFERENCES, benchmark).to_pylist()


def reference_table(path: Path, columns: list[str], benchmark: str | None = None) -> pa.Table:
    """Read some columns of verified references as a table; arguments and errors as of `read_references`."""
    references = read_table(path, columns, benchmark=benchmark)
    if not len(references):
        raise InputError(f"{path}: no references; look at the filter's rejects beside it")
    return references


def provenance(path: Path) -> dict:
    """Read the provenance that `write` put into a Parquet file; empty where there is none.

    Raises:
        InputError: the file is missing or damaged.
    """
    with _opened(path) as file:
        facts = json.loads((file.schema_arrow.metadata or {}).get(b"tms", b"{}"))
        if not isinstance(facts, dict):
            raise ValueError("its provenance is no JSON object")
    return facts


def _table(file: pq.ParquetFile, columns: list[str], filters: list | None = None) -> pa.Table:
    if filters is None:
        return file.read(columns=columns).select(columns)
    wanted = pq.filters_to_expression(filters)
    kept = [
        pa.Table.from_batches([batch]).filter(wanted) for batch in file.iter_batches(BATCH, columns=columns)
    ]
    return pa.concat_tables(kept or [file.schema_arrow.empty_table()]).select(columns)


@contextmanager
def _opened(path: Path) -> Iterator[pq.ParquetFile]:
    try:
        with parquet_file.opened(path) as file:
            yield file
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; run the stage that makes it") from error
    except parquet_file.Damaged as error:
        raise InputError(f"{path}: not a readable Parquet file ({error}); delete it and run again") from error


def check_types(path: Path, there: pa.Schema, columns: list[str]) -> None:
    """Refuse a file with a column of another type than in `COLUMNS`.

    Args:
        path: of the file.
        there: its columns.
        columns: names of those that are read.

    Raises:
        InputError: naming them, with their types.
    """
    other = [
        f"{name} of {there.field(name).type} (not {COLUMNS[name]})"
        for name in columns
        if there.field(name).type != COLUMNS[name]
    ]
    if other:
        raise InputError(
            f"{path}: columns of another type than a stage writes: {', '.join(other)}; "
            f"delete the file and run again"
        )


def _lacks(path: Path, missing: list[str], there: list[str]) -> InputError:
    return InputError(
        f"{path}: no column {', '.join(missing)} (it has {', '.join(there)}); delete the file and run again"
    )
