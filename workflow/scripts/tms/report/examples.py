"""Rows behind a cell: a bounded number of prompts with the completions of each method side by side."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from tms import rows
from tms.errors import InputError

PROMPTS = 6  # of each benchmark and run
CHARACTERS = 1_500  # of each text
READ = ["example_id", "prompt", "completion", "answer", "finish_reason"]
# Control characters, and those that turn the direction of writing: shown as a sign, never acted on.
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True)
class Text:
    """A text as the page shows it: `left_out` counts the characters that were cut at its end."""

    shown: str
    left_out: int = 0


@dataclass(frozen=True)
class Answer:
    """One model's completion of a prompt, and what its grader said."""

    method: str
    completion: Text
    verdict: float | None
    extracted: str
    finish_reason: str
    reason: str


@dataclass(frozen=True)
class Example:
    """One prompt, its gold answer and each model's completion."""

    name: str
    prompt: Text
    gold: Text
    answers: list[Answer]


def cut(text: str, limit: int = CHARACTERS) -> Text:
    """A text's first characters; control characters become a sign of their own."""
    visible = UNSEEN.sub("\ufffd", text.replace("\r\n", "\n"))
    return Text(visible[:limit], max(0, len(visible) - limit))


def choose(verdicts: Mapping[str, Mapping[str, float | None]], count: int = PROMPTS) -> list[str]:
    """Which examples to show: those on which the models' verdicts differ first, then by a hash of the name.

    The rule looks at no method in particular, so it shows wins and losses of each alike.

    Args:
        verdicts: model -> example -> verdict; examples that not every model has are left out.
    """
    common = set.intersection(*(set(own) for own in verdicts.values()))
    agree = {name: len({own[name] for own in verdicts.values()}) == 1 for name in common}
    return sorted(common, key=lambda name: (agree[name], hashlib.sha256(name.encode()).hexdigest()))[:count]


def of_run(folders: Mapping[str, Path], benchmarks: list[str]) -> dict[str, list[Example]]:
    """Examples of each benchmark from models that were trained on the same task with the same seed.

    Args:
        folders: model -> folder with its generations.parquet and verdicts.parquet; the base among them.
        benchmarks: which to show.

    Raises:
        InputError: a file is missing, or a completion lacks its verdict.
    """
    graded = {model: _verdicts(folder, benchmarks) for model, folder in folders.items()}
    found = {}
    for benchmark in benchmarks:
        own = {model: verdicts.get(benchmark, {}) for model, verdicts in graded.items()}
        chosen = choose(
            {model: {name: row["verdict"] for name, row in v.items()} for model, v in own.items()}
        )
        texts = {model: _completions(folder, benchmark, chosen) for model, folder in folders.items()}
        found[benchmark] = [_example(name, own, texts) for name in chosen]
    return found


def _example(name: str, verdicts: dict[str, dict], texts: dict[str, dict]) -> Example:
    first = next(iter(texts.values()))[name]
    answers = [
        Answer(
            method=model,
            completion=cut(own[name]["completion"]),
            verdict=verdicts[model][name]["verdict"],
            extracted=cut(verdicts[model][name]["extracted"] or "", 200).shown,
            finish_reason=own[name]["finish_reason"],
            reason=cut(verdicts[model][name]["reason"] or "", 200).shown,
        )
        for model, own in texts.items()
    ]
    return Example(name, cut(first["prompt"]), cut(first["answer"]), answers)


def _verdicts(folder: Path, benchmarks: list[str]) -> dict[str, dict[str, dict]]:
    found: dict[str, dict[str, dict]] = {}
    for row in rows.read(folder / "verdicts.parquet", rows.VERDICTS):
        if row["benchmark"] in benchmarks:
            found.setdefault(row["benchmark"], {})[row["example_id"]] = row
    return found


def _completions(folder: Path, benchmark: str, names: list[str]) -> dict[str, dict]:
    """The chosen rows alone: a file may hold tens of thousands of long completions."""
    path = folder / "generations.parquet"
    if not path.exists():
        raise InputError(f"{path}: no such file; run generate")
    wanted = [("benchmark", "==", benchmark), ("example_id", "in", names)]
    read = pq.read_table(path, columns=READ, filters=wanted, partitioning=None).to_pylist() if names else []
    found = {row["example_id"]: row for row in read}
    if missing := set(names) - set(found):
        raise InputError(
            f"{path}: no row {min(missing)} of {benchmark}, which was graded; run generate again"
        )
    return found
