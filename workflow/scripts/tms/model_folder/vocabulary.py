"""Whether two model folders have one vocabulary, from their tokenizers and configs alone."""

import json
from functools import cache
from pathlib import Path

from tms.io.errors import InputError

TEXT_PARTS = ("thinker_config", "text_config")  # of a config that describes several models, from outside in
MOST_NAMED = 3  # tokens in a message


def vocabulary_fault(student: Path, teacher: Path) -> str:
    """Why a teacher's distribution over tokens is none over a student's; empty where it is.

    Every token of the student must have the same number in the teacher, whose embeddings may have more rows:
    models of one family are often padded to other sizes.

    Args:
        student, teacher: model folders.

    Raises:
        InputError: a folder without a readable tokenizer.json or config.json.
    """
    own, others = _tokens(student), _tokens(teacher)
    other = [token for token, number in own.items() if others.get(token) != number]
    if other:
        named = ", ".join(map(repr, other[:MOST_NAMED]))
        return (
            f"{len(other)} of the {len(own)} tokens of {student} have another number in {teacher} ({named})"
        )
    rows = {folder: _rows(folder) for folder in (student, teacher)}
    if rows[teacher] < rows[student]:
        return f"{student} has embeddings of {rows[student]} tokens, {teacher} of {rows[teacher]} alone"
    return ""


def check_vocabulary(student: Path, teacher: Path) -> None:
    """Refuse a teacher of another vocabulary.

    Raises:
        InputError: as `vocabulary_fault` says.
    """
    if fault := vocabulary_fault(student, teacher):
        raise InputError(
            f"{fault}; a policy is distilled from a teacher with its own vocabulary, such as a larger model "
            f"of its family: name another teacher, or leave kind distill out"
        )


@cache
def _tokens(folder: Path) -> dict[str, int]:
    """Number of each token."""
    file = folder / "tokenizer.json"
    try:
        keys = json.loads(file.read_text())
        vocabulary = keys["model"]["vocab"]
        if isinstance(vocabulary, list):  # of a unigram model: (token, score)
            vocabulary = {token: number for number, (token, _) in enumerate(vocabulary)}
        return vocabulary | {token["content"]: token["id"] for token in keys.get("added_tokens", [])}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{file}: no readable vocabulary ({error!r}); download the model again") from error


def _rows(folder: Path) -> int:
    """Rows of a model's embeddings."""
    file = folder / "config.json"
    try:
        keys = json.loads(file.read_text())
        for part in TEXT_PARTS:
            keys = keys.get(part, keys)
        return int(keys["vocab_size"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{file}: no readable vocab_size ({error!r}); download the model again") from error
