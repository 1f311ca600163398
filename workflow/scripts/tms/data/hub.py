"""Benchmark rows from the Hugging Face hub, or from a folder of local copies that is read by the same call.

A local copy of `repo` is `{root}/{folder}`: data files and a README.md whose front matter lists configs and
splits under the hub's own names (`configs: [{config_name, data_files: [{split, path}]}]`), as a hub
repository has.
"""

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tms.data import stored_images
from tms.data.options import read_options
from tms.io import disk, machine
from tms.io.errors import InputError

HELDOUT = 500  # training rows set aside as held-out, or a tenth of them if that is less
OPTIONS = {"revision": None, "order": "official"}  # of a task that `test_set` builds
SKIP = "or take the task out of suites.<suite> (targets, views, retention, safety, reported)"


@dataclass(frozen=True)
class Source:
    """Source of a benchmark's rows.

    Attributes:
        repo: data set id on the hub.
        config: its configuration, None for the only one.
        splits: our split name -> the hub's.
        revision: pinned commit of the hub's repository.
        folder: name of a local copy's folder.
        columns: columns that the task reads.
        texts: those of them that hold a text in every row.
        images: those of them that hold an image; what is read of one is a
            `tms.data.stored_images.StoredImage`.
        gated: whether the hub asks for accepted terms.
        reader: further arguments of `datasets.load_dataset`, e.g. how a TSV file is written.
    """

    repo: str
    config: str | None
    splits: dict[str, str]
    revision: str
    folder: str
    columns: tuple[str, ...]
    texts: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    gated: bool = False
    reader: dict = field(default_factory=dict)


def load(source: Source, split: str, root: Path | None = None, revision: str | None = None) -> list[dict]:
    """Read a split's rows, in the order of its files.

    Args:
        source: the data set.
        split: our name of the split.
        root: folder of local copies; None reads the hub (or its cache).
        revision: commit of the hub's repository instead of the pinned one; local copies have none.

    Raises:
        InputError: the set cannot be reached, is gated or missing, lacks the config, split or a column, or is
            cached at another revision.
    """
    import httpx
    from datasets import disable_progress_bars, load_dataset
    from datasets.exceptions import DatasetGenerationError, DatasetsError

    if split not in source.splits:
        raise InputError(f"{source.repo} has no {split} split here, only {', '.join(source.splits)}")
    disable_progress_bars()
    asked = dict(name=source.config, split=source.splits[split], **source.reader)
    try:
        if root is None:
            rows = load_dataset(source.repo, revision=revision or source.revision, **asked)
            missing = _missing(source, rows.column_names)
            items = [] if missing else stored_images.items(rows, source.columns, source.images)
        else:
            # A cache of its own, so that an edited copy is never served from the last one's cache.
            with tempfile.TemporaryDirectory() as cache:
                rows = load_dataset(str(_folder(source, root)), cache_dir=cache, **asked)
                missing = _missing(source, rows.column_names)
                items = [] if missing else stored_images.items(rows, source.columns, source.images)
    except (
        MemoryError,
        DatasetsError,
        httpx.HTTPError,
        OSError,
        ValueError,
        TypeError,
        RuntimeError,
    ) as error:
        if isinstance(error, DatasetGenerationError):  # its cause says more
            error = error.__cause__ or error
        raise InputError(_explain(source, split, root, error)) from error
    if root is None:
        _check_revision(source, rows, revision or source.revision)
    if missing:
        raise InputError(
            f"{_name(source, root)}: no column {', '.join(missing)} (it has {', '.join(rows.column_names)}); "
            f"it must be laid out as {source.repo} at revision {source.revision}"
        )
    _check_texts(source, split, root, items)
    return items


def test_set(kind: str, source: Source, row: Callable[[int, dict], dict | None]) -> Callable[..., list[dict]]:
    """The `build` of a task that has a test split alone; options: another `revision`, `order: hash` shuffles.

    Args:
        kind: the task's module, for messages.
        source: the data set.
        row: makes a prepared row of a row's index and the row itself; None leaves it out.
    """

    def build(split: str, size: int, seed: int, options: dict, root: Path | None = None) -> list[dict]:
        settings = read_options(kind, options, OPTIONS)
        rows = [
            row(index, item) for index, item in enumerate(load(source, split, root, settings["revision"]))
        ]
        return test_rows([made for made in rows if made is not None], size, settings["order"])

    return build


def configs(source: Source, root: Path) -> list[str]:
    """Names of the configurations that a local copy's README declares."""
    from datasets import get_dataset_config_names

    return get_dataset_config_names(str(_folder(source, root)))


def training_rows(rows: list[dict], split: str, size: int, seed: int) -> list[dict]:
    """Take the first `size` rows of train or held-out, two disjoint parts of one training split.

    Rows are ordered by a hash of their `problem`. The first `HELDOUT` (at most a tenth) are held out whatever
    sizes and seeds are asked for; of rows with the same `problem` the first is used. The first rows of a
    longer list are the rows of a shorter one.

    Args:
        rows: the hub's training split, as prepared rows.
        split: `train` or `heldout`.
        size: number of rows.
        seed: orders the rows of a split; the split's members do not depend on it.

    Raises:
        InputError: the split holds fewer rows.
    """
    unique = list({row["problem"]: row for row in reversed(rows)}.values())
    unique.sort(key=lambda row: _hash(row["problem"]))
    heldout = min(HELDOUT, len(unique) // 10)
    members = unique[:heldout] if split == "heldout" else unique[heldout:]
    return first(sorted(members, key=lambda row: _hash(f"{seed}/{row['problem']}")), split, size)


def trained_test_rows(rows: list[dict], split: str, size: int, seed: int) -> list[dict]:
    """Take rows of a test split that is trained on, as the paper does with its two smallest sets.

    `train` is the whole split; `heldout` is a tenth of it, by hash, that training has seen too.

    Raises:
        InputError: there are fewer rows.
    """
    if split == "heldout":
        return training_rows(rows, split, size, seed)
    return first(sorted(rows, key=lambda row: _hash(f"{seed}/{row['problem']}")), split, size)


def test_rows(rows: list[dict], size: int, order: str = "official") -> list[dict]:
    """Take the first `size` rows of a test split.

    Args:
        rows: the whole split, as prepared rows, in the hub's order.
        size: number of rows.
        order: `official`, or `hash`: a fixed shuffle, so that a part of a sorted set is a fair sample of it.

    Raises:
        InputError: the split holds fewer rows, or there is no such order.
    """
    if order not in ("official", "hash"):
        raise InputError(f"options.order is {order!r}; choose official or hash")
    if order == "hash":
        rows = sorted(rows, key=lambda row: _hash(row["example_id"]))
    return first(rows, "test", size)


def is_heldout(group: str) -> bool:
    """Whether the training rows of a group (an API, an image) are held out: of a tenth of the groups."""
    return int(_hash(group)[:8], 16) % 10 == 0


def shuffled(rows: list[dict], seed: int) -> list[dict]:
    """Rows in an order of the seed, which no other row changes."""
    return sorted(rows, key=lambda row: _hash(f"{seed}/{row['example_id']}"))


def first(rows: list[dict], split: str, size: int) -> list[dict]:
    """The first `size` rows.

    Raises:
        InputError: there are fewer.
    """
    if size > len(rows):
        raise InputError(
            f"{size} {split} rows asked for, but there are {len(rows)}; set it to {len(rows)} or less"
        )
    return rows[:size]


def _folder(source: Source, root: Path) -> Path:
    folder = root / source.folder
    if not folder.is_dir():
        raise InputError(f"data.root: no folder {folder}; put a copy of {source.repo} there, {SKIP}")
    return folder


def _check_revision(source: Source, rows, revision: str) -> None:
    """Without a network `datasets` serves the newest cached revision, whichever was asked for."""
    cached = [file["filename"] for file in rows.cache_files]
    if len(revision) == 40 and not all(f"/{revision}/" in Path(name).as_posix() for name in cached):
        raise InputError(
            f"{source.repo}: the hub's cache holds another revision than {revision}; "
            f"connect (HF_HUB_OFFLINE unset) and prepare again"
        )


def _missing(source: Source, columns: list[str]) -> list[str]:
    return [name for name in source.columns if name not in columns]


def _check_texts(source: Source, split: str, root: Path | None, items: list[dict]) -> None:
    """Refuse a row whose column of texts holds a number, nothing, or anything else."""
    for row, item in enumerate(items, start=1):
        for column in source.texts:
            if not isinstance(item[column], str):
                part = f"{source.config or 'default'}, {source.splits[split]}"
                raise InputError(
                    f"{_name(source, root)} ({part}), row {row}: the column {column} is "
                    f"{item[column]!r:.40}, no text; it must be laid out as {source.repo} at revision "
                    f"{source.revision}"
                )


def _name(source: Source, root: Path | None) -> str:
    return source.repo if root is None else str(root / source.folder)


def _explain(source: Source, split: str, root: Path | None, error: BaseException) -> str:
    """One line: what failed and what the user can do."""
    import httpx

    said = (str(error).strip() or repr(error)).splitlines()[0].strip("\"'").rstrip(".")
    part = f"{_name(source, root)} ({source.config or 'default'}, {source.splits[split]})"
    what = f"{part}: {said}"
    offline = isinstance(error, (ConnectionError, TimeoutError, httpx.TransportError))
    if not offline and (line := machine.refused(error)):
        here = f" (what is read is written to {tempfile.gettempdir()} first, or where TMPDIR says)"
        return f"{part}: {line}{here if root is not None and line.endswith(disk.FULL) else ''}"
    if root is not None:
        return f"{what}; correct the copy under data.root (its README.md names configs and splits), {SKIP}"
    if offline:
        return (
            f"{what}; connect (HF_HUB_OFFLINE unset) and prepare again, set data.root to local copies, {SKIP}"
        )
    if source.gated:
        return (
            f"{what}; accept its terms at https://huggingface.co/datasets/{source.repo}, "
            f"log in with `.venv/bin/hf auth login`, {SKIP}"
        )
    return f"{what}; see https://huggingface.co/datasets/{source.repo}, set data.root to local copies, {SKIP}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
