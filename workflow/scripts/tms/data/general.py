"""The shipped general prompts and passages: what a model could do before, where no benchmark scores it."""

import json
from pathlib import Path

from tms.config.suite import GENERAL
from tms.io.errors import InputError

PROMPTS, PASSAGES = "prompts.jsonl", "passages.jsonl"


def read_prompts(folder: Path) -> list[dict]:
    """The prompts as examples without an answer, in their order."""
    texts = _texts(folder / PROMPTS, "prompt")
    return [
        {"example_id": f"{GENERAL}-{place}", "prompt": text, "answer": ""} for place, text in enumerate(texts)
    ]


def read_passages(folder: Path) -> list[str]:
    """The passages, in their order."""
    return _texts(folder / PASSAGES, "text")


def _texts(path: Path, key: str) -> list[str]:
    """Texts under a key of each line.

    Raises:
        InputError: a line that is no JSON or has no text there.
    """
    texts = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        try:
            text = json.loads(line)[key]
        except (ValueError, TypeError, KeyError):
            text = None
        if not isinstance(text, str) or not text.strip():
            raise InputError(
                f"{path}:{number}: no text under {key!r}; take the file from the repository again"
            )
        texts.append(text)
    return texts
