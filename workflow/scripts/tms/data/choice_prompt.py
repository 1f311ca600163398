"""Rows of multiple-choice questions."""

import json
from string import ascii_uppercase

from tms.io.errors import InputError

PROMPT = (
    "{question}\n\n{choices}\n\n"
    'Think step by step, then finish with a line of the form "answer: <label>", '
    "where <label> is one of {labels}."
)


def choice_row(
    example_id: str, question: str, texts: list[str], gold: int, labels: list[str] | None = None
) -> dict:
    """The row of one question.

    Args:
        example_id: its name.
        question: the question, without its choices.
        texts: the choices.
        gold: index of the right one.
        labels: what the prompt calls the choices, A, B, C... by default.

    Raises:
        InputError: the index is none of a choice.
    """
    if not 0 <= gold < len(texts):
        raise InputError(f"row {example_id}: {len(texts)} choices, and the index of the right one is {gold}")
    labels = labels or list(ascii_uppercase[: len(texts)])
    choices = "\n".join(f"{label}. {text}" for label, text in zip(labels, texts, strict=True))
    answer = {"label": labels[gold], "labels": labels, "texts": texts}
    return {
        "example_id": example_id,
        "prompt": PROMPT.format(question=question, choices=choices, labels=", ".join(labels)),
        "answer": json.dumps(answer, ensure_ascii=False),
        "problem": "\n".join([question, *texts]),
        "solution": "",
    }
