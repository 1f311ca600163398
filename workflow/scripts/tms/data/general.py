"""The shipped general prompts and passages: what a model could do before, where no benchmark scores it."""

import json
import sys
from collections.abc import Callable
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


def with_room(
    examples: list[dict], prompt_ids: Callable[[str], list[int]], new_tokens: int, context: int
) -> list[dict]:
    """The examples whose prompts leave room for a completion in a model's context; the others are told.

    A model with a short context would else be refused after its training, for prompts that are not its own.

    Args:
        examples: as `read_prompts` gives them.
        prompt_ids: token ids of a prompt in the model's chat template.
        new_tokens: longest completion.
        context: tokens that the model's context holds.

    Raises:
        InputError: none leaves room.
    """
    fitting = [row for row in examples if len(prompt_ids(row["prompt"])) + new_tokens <= context]
    if not fitting:
        raise InputError(
            f"none of the {len(examples)} general prompts leaves room for {new_tokens} new tokens in a "
            f"context of {context}; lower max_new_tokens of the tasks, or take general out of the suite"
        )
    if left := len(examples) - len(fitting):
        print(
            f"{left} of {len(examples)} general prompts leave no room for {new_tokens} new tokens in a "
            f"context of {context}, and are left out",
            file=sys.stderr,
        )
    return fitting


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
