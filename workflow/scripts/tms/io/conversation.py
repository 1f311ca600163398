"""The messages before a prompt (system prompt, earlier turns), as the column `context` holds them: JSON text.

A row of a conversation of four messages has the first three there, and the last one as its `prompt`:

    context  [{"role": "system", "content": "Answer briefly."},
              {"role": "user", "content": "Hello"}, {"role": "assistant", "content": "How can I help?"}]
    prompt   Where is my parcel?
"""

import json
from collections.abc import Iterable

from tms.io.errors import InputError

ROLES = ("system", "user", "assistant")


def context_text(messages: list[dict]) -> str:
    """The column `context` of a row with these messages before its prompt; "" where there are none."""
    return json.dumps(messages, ensure_ascii=False) if messages else ""


def context_messages(context: str) -> list[dict[str, str]]:
    """The messages of a column `context`, each with `role` and `content`.

    Raises:
        InputError: it is no JSON list of such messages, or a user's prompt cannot follow; names neither file
            nor example.
    """
    if not context:
        return []
    try:
        messages = json.loads(context)
        context.encode()
    except (ValueError, RecursionError) as error:
        raise InputError(f"context is no JSON ({str(error).splitlines()[0]})") from error
    if not isinstance(messages, list) or not messages:
        raise InputError('context is no JSON list of messages; where there are none it is ""')
    for number, message in enumerate(messages, start=1):
        if problem := _problem(message):
            raise InputError(f"message {number} of its context {problem}")
    if messages[-1]["role"] == "user":
        raise InputError("its context ends with a message of the user; join it with the prompt")
    return messages


def _problem(message: object) -> str:
    """Fault of a message; "" where it has none."""
    if not isinstance(message, dict) or set(message) != {"role", "content"}:
        return "has to have the keys role and content, and no others"
    if message["role"] not in ROLES:
        return f"has role {str(message['role'])[:40]!r}; there are {', '.join(ROLES)}"
    if not isinstance(message["content"], str):
        return "has a content that is no text"
    try:
        message["content"].encode()
    except UnicodeEncodeError:
        return "has a content that is no valid Unicode"
    return ""


def check_contexts(rows: Iterable[dict], where: object) -> None:
    """Check the column `context` of rows.

    Args:
        rows: those without the column have no messages before their prompt.
        where: file or setting that a fault's line names.

    Raises:
        InputError: naming the first row with a fault, and how many others have one.
    """
    faults: dict[str, str] = {"": ""}
    first, count = "", 0
    for row in rows:
        context = row.get("context", "")
        if context not in faults:
            faults[context] = _fault(context)
        if faults[context]:
            count += 1
            first = first or f"example {row.get('example_id', '(unnamed)')}: {faults[context]}"
    if count:
        others = f" ({count - 1} other rows have such faults)" if count > 1 else ""
        raise InputError(f"{where}: {first}{others}")


def _fault(context: object) -> str:
    try:
        if not isinstance(context, str):
            return "context is no text"
        context_messages(context)
    except InputError as error:
        return str(error)
    return ""


def as_text(context: str, prompt: str) -> str:
    """A prompt with the messages before it as one text, for who reads it; the prompt alone where none are."""
    messages = context_messages(context)
    if not messages:
        return prompt
    turns = [*messages, {"role": "user", "content": prompt}]
    return "\n\n".join(f"{turn['role'].capitalize()}: {turn['content']}" for turn in turns)
