"""The first screen of the report: the answer in a sentence, four numbers a method, verdicts as chips."""

from pathlib import Path

from tms.io import json_file
from tms.io.errors import InputError
from tms.report.research_questions.decisions import (
    CONTRADICTED,
    DESCRIBED,
    FOR_THIS_RUN,
    INCONCLUSIVE,
    INDISTINGUISHABLE,
    NOT_MEASURED,
    SUPPORTED,
)

# Verdicts in the order of the chips, with the sign that tells them apart without colour.
SIGNS = {
    SUPPORTED: "✓",
    CONTRADICTED: "✗",
    INDISTINGUISHABLE: "≈",
    INCONCLUSIVE: "~",
    DESCRIBED: "·",
    NOT_MEASURED: "–",
}


REMEDY = "delete it and run the rule answer again"


def read_answer(path: Path) -> dict:
    """The answer that the rule `answer` wrote.

    Raises:
        InputError: it is missing, no JSON, or lacks the sentence or the rows.
    """
    answer = json_file.read(path, "answer", REMEDY, {"sentence": str, "rows": list})
    if not (answer["sentence"] and answer["rows"]):
        raise InputError(f"{path}: not a readable answer (no sentence or no rows); {REMEDY}")
    return answer


def read_choices(path: Path) -> list[dict[str, str]]:
    """The choices that the rule `answer` wrote: of each its `tolerance` in words, `setting` and the `rest`.

    Raises:
        InputError: it is missing, no JSON, or lacks these words.
    """
    chosen = json_file.read(path, "list of choices", REMEDY, {"choices": list})["choices"]
    try:
        return [choice["words"] for choice in chosen]
    except (TypeError, KeyError) as error:
        raise InputError(f"{path}: not a readable list of choices ({error!r}); {REMEDY}") from error


def kind(verdict: str) -> str:
    """A verdict without its limit to one run."""
    return verdict.removesuffix(FOR_THIS_RUN)


def chips(answers: list[dict]) -> list[dict]:
    """The questions by verdict: a group's `verdict`, `kind`, `sign` and `questions`.

    Args:
        answers: entries of questions.json.

    Raises:
        InputError: a verdict is none of `SIGNS`.
    """
    groups: dict[str, list[dict]] = {}
    for answer in answers:
        groups.setdefault(answer["verdict"], []).append(answer)
    if unknown := [verdict for verdict in groups if kind(verdict) not in SIGNS]:
        raise InputError(f"questions.json: verdict {unknown[0]!r} is none of {', '.join(SIGNS)}")
    order = sorted(groups, key=lambda verdict: list(SIGNS).index(kind(verdict)))
    return [
        {"verdict": one, "kind": kind(one), "sign": SIGNS[kind(one)], "questions": groups[one]}
        for one in order
    ]
