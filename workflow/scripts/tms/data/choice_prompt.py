"""Rows of multiple-choice questions."""

import json
from string import ascii_uppercase

from tms.io.errors import InputError

PROMPT = (
    "{question}\n\n{choices}\n\n"
    'Think step by step, then finish with a line of the form "answer: <label>", '
    "where <label> is one of {labels}."
)

# lm-eval's `arc_challenge` and `mmlu_continuation`: the choices themselves follow, behind a space.
ASKED = "Question: {question}\nAnswer:"


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


def asked(row: dict) -> str:
    """The text before the choices of a question when their likelihoods are compared: the question alone.

    Args:
        row: columns `example_id`, `problem`, `answer`, as `choice_row` writes them, and `context`.

    Raises:
        InputError: the row is no question with choices, one of these is empty, or it goes on a conversation.
    """
    if row.get("context"):
        raise InputError(f"row {row['example_id']}: a conversation, not a question; use scoring: generate")
    try:
        texts = json.loads(row["answer"])["texts"]
        choices = "\n" + "\n".join(texts)
    except (ValueError, KeyError, TypeError):
        choices = None
    if not choices or not row["problem"].endswith(choices):
        raise InputError(f"row {row['example_id']}: no question with choices; use scoring: generate")
    if empty := [place for place, text in enumerate(texts, start=1) if not text.strip()]:
        raise InputError(
            f"row {row['example_id']}: choice {empty[0]} is empty and has no likelihood; write it"
        )
    return ASKED.format(question=row["problem"].removesuffix(choices).strip())
