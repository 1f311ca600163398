"""Options of the kind `records`: where the rows are, their columns, and how they are split.

files       a path, or one a split: {train: a.jsonl, heldout: b.jsonl, test: c.jsonl}
hub         instead: {repo: owner/name, config, split, revision}, or {..., splits: {train: train, test: test}}
columns     the file's names of prompt, answer, messages, gold, choices, where they have others
answers     required, or none: the rows are prompts alone, which a model answers
train_on    last (turn of the assistant) or all (each turn is a row, prompted by the turns before it)
split       shares of the hash split: {heldout: 0.1, test: 0.1}; splits with a file of their own have none
duplicates  refuse, or first: of rows with equal prompts the first is used
"""

import math
import re
from collections.abc import Collection
from dataclasses import dataclass, field

from tms.config.known import meant
from tms.data.splits import SPLITS
from tms.io.errors import InputError

KEYS = ("files", "hub", "columns", "answers", "train_on", "split", "duplicates")
COLUMNS = ("prompt", "answer", "messages", "gold", "choices")
# Keys whose values are words, the default first.
WORDS = {
    "answers": ("required", "none"),
    "train_on": ("last", "all"),
    "duplicates": ("refuse", "first"),
}
HUB_KEYS = ("repo", "config", "split", "splits", "revision")
ENDINGS = (".jsonl", ".json", ".csv", ".parquet")
SHARES = {"heldout": 0.1, "test": 0.1}
ONE = ""  # key of the one file or hub split that is split by a hash


@dataclass(frozen=True)
class RecordOptions:
    """Options, filled in from their defaults.

    Attributes:
        files: split, or `ONE`, -> path; empty for a hub data set.
        hub: split, or `ONE`, -> the hub's split; empty for files.
        repo, config, revision: of the hub data set.
        columns: our word -> the file's name of a column, where it is given.
        answers: required or none.
        train_on: last or all.
        shares: of the rows that go to `heldout` and `test` by the hash of their prompt.
        duplicates: refuse or first.
    """

    files: dict[str, str] = field(default_factory=dict)
    hub: dict[str, str] = field(default_factory=dict)
    repo: str = ""
    config: str | None = None
    revision: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    answers: str = "required"
    train_on: str = "last"
    shares: dict[str, float] = field(default_factory=dict)
    duplicates: str = "refuse"

    def part(self, split: str) -> str:
        """The file or hub split, by its key, that holds the rows of a split.

        Raises:
            InputError: there is none.
        """
        parts = self.files or self.hub
        key = "files" if self.files else "hub.splits"
        if split in parts:
            return split
        if ONE in parts or "train" in parts:
            if split != "train" and not self.shares.get(split):
                raise InputError(f"options.split.{split} is 0; give it a share, or options.{key}.{split}")
            return ONE if ONE in parts else "train"
        raise InputError(f"options.{key} has no {split}; add it")

    def paths(self, split: str) -> list[str]:
        """The file that holds the rows of a split; none for a hub data set or a split without rows."""
        try:
            return [self.files[self.part(split)]] if self.files else []
        except InputError:
            return []


def read(options: dict) -> RecordOptions:
    """Read the options of a task.

    Raises:
        InputError: what is wrong with them, a line each that begins with `options`.
    """
    faults: list[str] = []
    if not _known("options", options, KEYS, faults):
        raise InputError("\n".join(faults))
    if ("files" in options) == ("hub" in options):
        faults.append("options: give one of files (a path) and hub (a data set)")
    files = _files(options["files"], faults) if "files" in options else {}
    hub = _hub(options["hub"], faults) if "hub" in options else {}
    columns = _columns(options.get("columns", {}), faults)
    for key, words in WORDS.items():
        if options.get(key, words[0]) not in words:
            faults.append(f"options.{key}: {options[key]!r} is none of {', '.join(words)}")
    if options.get("answers") == "none":
        faults += [
            f"options.columns.{name}: with answers: none the rows are prompts alone; leave it out"
            for name in COLUMNS
            if name in columns and name != "prompt"
        ]
    if options.get("train_on") == "all":
        faults += [
            f"options.columns.{name}: with train_on: all each turn has an answer of its own; leave it out"
            for name in ("gold", "choices")
            if name in columns
        ]
    shares = _shares(options.get("split", {}), {*files, *hub.get("splits", {})}, faults)
    if faults:
        raise InputError("\n".join(faults))
    return RecordOptions(
        files=files,
        hub=hub.pop("splits", {}),
        **hub,
        columns=columns,
        answers=options.get("answers", "required"),
        train_on=options.get("train_on", "last"),
        shares=shares,
        duplicates=options.get("duplicates", "refuse"),
    )


def _known(key: str, value: object, known: Collection[str], faults: list[str]) -> bool:
    """Whether a value is a mapping; its keys that are not known are faults."""
    listed = f"known: {', '.join(known)}"
    if not isinstance(value, dict):
        faults.append(f"{key}: {value!r} must be a mapping; {listed}")
        return False
    unknown = [name for name in value if name not in known]
    faults += [f"{key}: unknown key {name}; {meant(str(name), known, listed)}" for name in unknown]
    return True


def _files(value: object, faults: list[str]) -> dict[str, str]:
    if isinstance(value, dict):
        _known("options.files", value, SPLITS, faults)
        files = {split: value[split] for split in SPLITS if split in value}
    else:
        files = {ONE: value}
    if not files:
        faults.append("options.files: empty; name a path")
    for split, path in files.items():
        key = f"options.files.{split}".rstrip(".")
        if not isinstance(path, str) or not path.strip():
            faults.append(f"{key}: {path!r} is no path; write that of a file ({', '.join(ENDINGS)})")
        elif not path.endswith(ENDINGS):
            faults.append(f"{key}: {path!r} must end in {', '.join(ENDINGS)}, for that says how it is read")
    return files


def _hub(value: object, faults: list[str]) -> dict:
    if not _known("options.hub", value, HUB_KEYS, faults):
        return {}
    repo = value.get("repo")
    if not isinstance(repo, str) or not re.fullmatch(r"([\w-][\w.-]*/)?[\w-][\w.-]*", repo, re.ASCII):
        faults.append(f"options.hub.repo: {repo!r} is no data set of the hub; write owner/name")
    for name in ("config", "revision", "split"):
        if not isinstance(value.get(name), str | None) or value.get(name) == "":
            faults.append(f"options.hub.{name}: {value[name]!r} must be text")
    splits = value.get("splits", {ONE: value.get("split") or "train"})
    if "splits" in value and "split" in value:
        faults.append("options.hub: give split (one, which a hash splits) or splits (one each), not both")
    if "splits" in value and _known("options.hub.splits", splits, SPLITS, faults):
        faults += [
            f"options.hub.splits.{split}: {name!r} must be the name of a split of the hub's"
            for split, name in splits.items()
            if not isinstance(name, str) or not name
        ]
        if not splits:
            faults.append("options.hub.splits: empty; name one, e.g. {train: train, test: test}")
    return {
        "repo": repo,
        "config": value.get("config"),
        "revision": value.get("revision"),
        "splits": dict(splits) if isinstance(splits, dict) else {},
    }


def _columns(value: object, faults: list[str]) -> dict[str, str]:
    if not _known("options.columns", value, COLUMNS, faults):
        return {}
    for word, name in value.items():
        if not isinstance(name, str) or not name:
            faults.append(f"options.columns.{word}: {name!r} must be the name of a column")
    if "messages" in value and {"prompt", "answer"} & set(value):
        faults.append("options.columns: give messages, or prompt and answer, not both")
    return dict(value)


def _shares(value: object, parts: set[str], faults: list[str]) -> dict[str, float]:
    """Shares of the splits that have no file of their own."""
    before = len(faults)
    if not _known("options.split", value, tuple(SHARES), faults):
        return {}
    for split, share in value.items():
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            faults.append(f"options.split.{split}: {share!r} must be a share from 0 to 1")
        elif split in parts:
            faults.append(f"options.split.{split}: {split} has a file of its own; leave the share out")
    shares = {split: share for split, share in (SHARES | value).items() if split not in parts}
    if len(faults) == before and math.fsum(shares.values()) > 1:
        faults.append(f"options.split: the shares {shares} sum to more than 1; lower them")
    return shares
