"""Columns of a user's data, guessed from their names."""

import yaml

from tms.data.records.rows import NAMES
from tms.io.errors import InputError

# Names of columns that often belong to the prompt, as in Alpaca's or Dolly's files.
BESIDE = ("input", "context", "passage", "system", "history")


def guess(columns: tuple[str, ...], choices: bool) -> dict[str, str]:
    """Our word -> column: the messages, or else a prompt and an answer; empty where neither is there.

    Args:
        columns: names in the file, in its order.
        choices: whether the grader needs options to choose from.
    """
    by_name = {name.strip().lower(): name for name in reversed(columns)}
    found = {
        word: by_name[known]
        for word, names in NAMES.items()
        for known in [next((name for name in names if name in by_name), None)]
        if known is not None
    }
    chosen = {"choices": found["choices"]} if choices and "choices" in found else {}
    if "prompt" in found and "answer" in found:
        return {"prompt": found["prompt"], "answer": found["answer"], **chosen}
    return {"messages": found["messages"], **chosen} if "messages" in found else {}


def left_out(columns: tuple[str, ...], chosen: dict[str, str]) -> list[str]:
    """Columns whose names tell that they may belong to the prompt, where a guess reads another one for it."""
    if chosen.get("prompt", "prompt").strip().lower() == "prompt":
        return []
    return [name for name in columns if name.strip().lower() in BESIDE and name not in chosen.values()]


def read(text: str) -> dict[str, str]:
    """Columns as the user names them: `prompt: q, answer: a`, with or without braces.

    Raises:
        InputError: the text is no such mapping.
    """
    try:
        value = yaml.safe_load(text if text.strip().startswith("{") else f"{{{text}}}")
    except yaml.YAMLError:
        value = None
    words = [name for pair in value.items() for name in pair] if isinstance(value, dict) else []
    if not words or not all(isinstance(name, str) for name in words):
        raise InputError(f"COLUMNS={text!r}: write e.g. COLUMNS='prompt: question, answer: reply'")
    return value
