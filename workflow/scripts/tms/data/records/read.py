"""Rows of files and hub data sets: a look at them before any configuration exists, and rows of a split."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import median_low

from tms.data import hub
from tms.data.records import options as record_options
from tms.data.records.files import Table, read_file
from tms.data.records.findings import Findings
from tms.data.records.options import RecordOptions
from tms.data.records.rows import Rows, rows_of, wanted_columns
from tms.data.records.split import digest, split_of
from tms.data.splits import SPLITS
from tms.io.conversation import read_context
from tms.io.errors import InputError

Part = tuple[Table, Rows, Findings]  # a file or hub split: as it is, as rows, and what is wrong with it


@dataclass(frozen=True)
class Seen:
    """Result of a look at the data.

    Attributes:
        rows: that can be used (with `train_on: all` one for each turn of the assistant).
        columns: names in the first file, in their order.
        used: our word -> column that is read for it, e.g. {"prompt": "question", "answer": "answer"}.
        roles: role -> messages with it; empty where the data has no conversations.
        orders: orders of roles, of the messages before a prompt and the prompt, each once; rows without such
            messages have none.
        splits: split -> rows in it; what tasks.X.train, heldout and test may be at most.
        lengths: prompt, answer -> (median, longest) in characters; a prompt with the messages before it.
        duplicates: rows left out, since an equal prompt stands before (`duplicates: first`).
        faults: lines, each with file, line or row and remedy; empty where all is well.
    """

    rows: int = 0
    columns: tuple[str, ...] = ()
    used: dict[str, str] | None = None
    roles: dict[str, int] | None = None
    orders: tuple[tuple[str, ...], ...] = ()
    splits: dict[str, int] | None = None
    lengths: dict[str, tuple[int, int]] | None = None
    duplicates: int = 0
    faults: tuple[str, ...] = ()


def inspect(
    files: str | dict[str, str] | None = None,
    columns: dict[str, str] | None = None,
    root: Path | None = None,
    **options,
) -> Seen:
    """Look at data as the kind `records` reads it; needs no configuration.

    `inspect("faq.jsonl")`, `inspect("faq.csv", {"prompt": "question"})`, `inspect("chat.jsonl",
    train_on="all")`, `inspect(hub={"repo": "owner/name", "split": "train"})`. All that is wrong with options
    or data is in `faults`; nothing is raised.

    Args:
        files: a path, or split -> path; None with `hub`.
        columns: our word -> the file's name, where it is another one.
        root: folder of local copies of hub data sets (`data.root`).
        options: the other options of a task (`tms.data.records.options`).
    """
    if files is not None:
        options["files"] = files
    if columns:
        options["columns"] = columns
    try:
        settings = record_options.read(options)
        parts = {part: _part(settings, part, root) for part in settings.files or settings.hub}
    except InputError as error:
        return Seen(faults=tuple(str(error).splitlines()))
    made = [rows for _, rows, _ in parts.values()]
    rows = [row for part in made for row in part.rows]
    lengths = {
        "prompt": [len(row["context"]) + len(row["prompt"]) for row in rows],
        "answer": [len(row["solution"]) for row in rows],
    }
    return Seen(
        rows=len(rows),
        columns=tuple(next(iter(parts.values()))[0].columns),
        used=made[0].used,
        roles=dict(sum((part.roles for part in made), Counter())),
        orders=_orders(rows),
        splits={split: len(_members(settings, split, parts)) for split in SPLITS},
        lengths={name: (median_low(found), max(found)) for name, found in lengths.items() if found},
        duplicates=sum(part.duplicates for part in made),
        faults=tuple(line for _, _, found in parts.values() for line in found.lines),
    )


def _orders(rows: list[dict]) -> tuple[tuple[str, ...], ...]:
    contexts = (read_context(row["context"]).messages for row in rows if row["context"])
    return tuple(sorted({(*(message["role"] for message in before), "user") for before in contexts}))


def split_rows(split: str, size: int, seed: int, options: dict, root: Path | None = None) -> list[dict]:
    """The first `size` rows of a split, in the order of a hash of their prompts.

    The first rows of a longer list are the rows of a shorter one; a row's place among the others does not
    depend on where it stands in the file.

    Raises:
        InputError: what is wrong with the options or the data, a line each; or there are fewer rows.
    """
    settings = record_options.read(options)
    part = settings.part(split)
    parts = {part: _part(settings, part, root)}
    _, made, found = parts[part]
    if found.count:
        raise InputError("\n".join(found.lines))
    members = _members(settings, split, parts)
    held = {name: len(_members(settings, name, parts)) for name in SPLITS}
    there = ", ".join(f"{count} {name}" for name, count in held.items() if count)
    print(f"{found.name}: {len(made.rows)} rows ({there}); {size} of {len(members)} {split} rows are taken")
    if size > len(members):
        raise InputError(
            f"{size} rows asked for, but {found.name} has {there or 'none'}; set it to {len(members)} or "
            f"less,{' change options.split,' if part != split else ''} or add rows"
        )
    members.sort(key=lambda row: digest(f"{seed}/{row['example_id']}"))
    return [{name: text for name, text in row.items() if name != "key"} for row in members[:size]]


def _part(settings: RecordOptions, part: str, root: Path | None) -> Part:
    """Read one file or hub split."""
    if settings.files:
        path = settings.files[part]
        found = Findings(path, "row" if path.endswith(".parquet") else "line")
        table = read_file(path, wanted_columns(settings), found)
    else:
        source = hub.Source(
            repo=settings.repo,
            config=settings.config,
            splits=settings.hub,
            revision=settings.revision or "main",
            folder=settings.repo.rpartition("/")[2],
            columns=(),
        )
        found = Findings(f"{settings.repo} ({settings.hub[part]})", "row")
        table = Table()
        table.take(enumerate(hub.load(source, part, root), start=1), wanted_columns(settings), found)
    return table, rows_of(table, settings, found), found


def _members(
    settings: RecordOptions, split: str, parts: dict[str, tuple[Table, Rows, Findings]]
) -> list[dict]:
    """Rows of a split, of those parts that were read."""
    try:
        part = settings.part(split)
    except InputError:  # it has no rows
        return []
    if part not in parts:
        return []
    rows = parts[part][1].rows
    if part == split != "train":
        return list(rows)
    return [row for row in rows if split_of(row["key"], settings.shares) == split]
