"""Examples of what the models answer: a few prompts of each benchmark, all methods beside each other."""

import hashlib
import json
import re
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from tms.io import parquet
from tms.io.conversation import read_context
from tms.io.errors import InputError
from tms.report.model_info import LEADING
from tms.tool_use.turns import as_lines, final_text, read_turns

PROMPTS = 3  # of each benchmark, at most
COMPLETIONS = 500  # of the page, all together
CHARACTERS = 1_500  # of each text
CHARACTERS_OF_OTHERS = 400  # of each completion that is shown on demand
READ = ["benchmark", "example_id", "context", "prompt", "completion", "answer", "finish_reason"]
WRITTEN = ["benchmark", "example_id", "context", "completion"]
COMPARED = ["benchmark", "example_id", "prompt", "logprobs", "answer"]
GRADED = ["benchmark", "example_id", "grade", "extracted", "reason"]
EMPTY = "(empty)"  # shown for a completion without a visible character
JSON_BEGINS = ("{", "[", "```json")
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
    grade: float | None
    extracted: str
    finish_reason: str
    reason: str


@dataclass(frozen=True)
class Example:
    """One prompt with the messages before it (role, text), its gold answer and each model's completion."""

    name: str
    context: list[tuple[str, Text]]
    prompt: Text
    gold: Text
    answers: list[Answer]

    @property
    def first(self) -> list[Answer]:
        """Answers of the base, SFT and TMS; where one is missing, of the first models."""
        return self.answers[: len(LEADING)]

    @property
    def others(self) -> list[Answer]:
        """Answers of the other models, which open on demand, cut shorter."""
        return [
            replace(answer, completion=shorter(answer.completion, CHARACTERS_OF_OTHERS))
            for answer in self.answers[len(LEADING) :]
        ]


def cut(text: str, limit: int = CHARACTERS) -> Text:
    """A text's first characters; control characters become a sign of their own."""
    visible = UNSEEN.sub("\ufffd", text.replace("\r\n", "\n"))
    return Text(visible[:limit], max(0, len(visible) - limit))


def shorter(text: Text, limit: int) -> Text:
    """A text that was cut, cut again."""
    return Text(text.shown[:limit], text.left_out + max(0, len(text.shown) - limit))


def prompts_of_each(completions: int) -> int:
    """Number of prompts to show of each benchmark.

    Args:
        completions: how many the page would hold with one prompt of each benchmark.
    """
    return min(PROMPTS, max(1, COMPLETIONS // completions))


def in_order(models: Iterable[str]) -> list[str]:
    """Models as they stand beside each other: the base, SFT and TMS first, then the others as they come."""
    return sorted(models, key=lambda name: LEADING.index(name) if name in LEADING else len(LEADING))


def form(completion: str, context: str = "") -> str:
    """The form of a completion, or of an episode's answer: `EMPTY`, JSON, or other text (which is "")."""
    text = final_text(read_turns(completion)) if read_context(context).tools else completion
    text = text.strip()
    return EMPTY if not text else "JSON" if text.startswith(JSON_BEGINS) else ""


def choose(seen: Mapping[str, Mapping[str, Hashable]], count: int = PROMPTS) -> list[str]:
    """Examples to show: those on which base, SFT and TMS differ, then any models; by a hash of the name.

    The rule asks in no case who is right, so it shows wins and losses of each alike.

    Args:
        seen: model -> example -> its grade and form; examples that not every model has are left out.
    """
    common = set.intersection(*(set(of_model) for of_model in seen.values()))
    leading = [of_model for model, of_model in seen.items() if model in LEADING]

    def place(name: str) -> tuple[bool, bool, str]:
        agree = [len({of_model[name] for of_model in models}) <= 1 for models in (leading, seen.values())]
        return *agree, hashlib.sha256(name.encode()).hexdigest()

    return sorted(common, key=place)[:count]


def of_run(
    folders: Mapping[str, Path],
    benchmarks: list[str],
    count: int = PROMPTS,
    by_likelihood: Collection[str] = (),
) -> dict[str, list[Example]]:
    """Examples of each benchmark from models that were trained on the same task with the same seed.

    Args:
        folders: model -> folder with its generations.parquet and grades.parquet; the base among them.
        benchmarks: which to show.
        count: prompts of each benchmark.
        by_likelihood: benchmarks whose choices were compared instead, in likelihoods.parquet.

    Raises:
        InputError: a file is missing, or a graded row has no completion.
    """
    seen = {model: _seen(folder) for model, folder in folders.items()}
    chosen = {
        benchmark: choose({model: of_model.get(benchmark, {}) for model, of_model in seen.items()}, count)
        for benchmark in benchmarks
    }
    details = {model: _rows(folder / "grades.parquet", GRADED, chosen) for model, folder in folders.items()}
    texts = {model: _texts(folder, chosen, by_likelihood) for model, folder in folders.items()}
    return {
        benchmark: [_example((benchmark, name), details, texts) for name in names]
        for benchmark, names in chosen.items()
    }


def _example(key: tuple[str, str], details: dict[str, dict], texts: dict[str, dict]) -> Example:
    first = next(iter(texts.values()))[key]
    answers = [
        Answer(
            method=model,
            completion=cut(rows[key]["completion"] if rows[key]["completion"].strip() else EMPTY),
            grade=details[model][key]["grade"],
            extracted=cut(details[model][key]["extracted"] or "", 200).shown,
            finish_reason=rows[key]["finish_reason"],
            reason=cut(details[model][key]["reason"] or "", 200).shown,
        )
        for model, rows in texts.items()
    ]
    before = read_context(first["context"])
    context = [(turn["role"], cut(turn["content"])) for turn in before.messages]
    context += [("image", cut(digest)) for digest in before.images]  # whose bytes no completion has
    return Example(key[1], context, cut(first["prompt"]), cut(first["answer"]), answers)


@lru_cache(maxsize=16)
def _seen(folder: Path) -> dict[str, dict[str, tuple[float | None, str]]]:
    """Grade and form by benchmark and example; the base's serve all runs."""
    forms = {
        (row["benchmark"], row["example_id"]): form(row["completion"], row["context"])
        for row in parquet.read(folder / "generations.parquet", WRITTEN)
    }
    seen: dict[str, dict[str, tuple[float | None, str]]] = {}
    for row in parquet.read(folder / "grades.parquet", ["benchmark", "example_id", "grade"]):
        name, example = row["benchmark"], row["example_id"]
        # A question whose choices were compared has no completion.
        seen.setdefault(name, {})[example] = (row["grade"], forms.get((name, example), ""))
    return seen


def _texts(
    folder: Path, chosen: dict[str, list[str]], by_likelihood: Collection[str]
) -> dict[tuple[str, str], dict]:
    """A model's completion, or the log-probability of each choice, a line each."""
    written = {name: chosen[name] for name in chosen if name not in by_likelihood}
    compared = {name: chosen[name] for name in chosen if name in by_likelihood}
    rows = _rows(folder / "generations.parquet", READ, written)
    for key, row in rows.items():
        if read_context(row["context"]).tools:
            rows[key] = row | {"completion": as_lines(read_turns(row["completion"]))}
    if compared:
        for key, row in _rows(folder / "likelihoods.parquet", COMPARED, compared).items():
            question = json.loads(row["answer"])
            lines = zip(row["logprobs"], question["labels"], question["texts"], strict=True)
            shown = "\n".join(f"{logprob:.3f}  {label}. {text}" for logprob, label, text in lines)
            rows[key] = row | {"context": "", "completion": shown, "finish_reason": "stop"}
    return rows


def _rows(path: Path, columns: list[str], chosen: dict[str, list[str]]) -> dict[tuple[str, str], dict]:
    """The chosen rows alone, in one pass: a file may hold tens of thousands of long completions."""
    wanted = [
        [("benchmark", "==", benchmark), ("example_id", "in", names)]
        for benchmark, names in chosen.items()
        if names
    ]
    read = parquet.read(path, columns, wanted) if wanted else []
    rows = {(row["benchmark"], row["example_id"]): row for row in read}
    for benchmark, names in chosen.items():
        for name in names:
            if (benchmark, name) not in rows:
                raise InputError(
                    f"{path}: no row {name} of {benchmark}, which was graded; delete it, run again"
                )
    return rows
