"""The messages before a prompt (system prompt, earlier turns), as the column `context` holds them: JSON text.

A row of a conversation of four messages has the first three there, and the last one as its `prompt`:

    context  [{"role": "system", "content": "Answer briefly."},
              {"role": "user", "content": "Hello"}, {"role": "assistant", "content": "How can I help?"}]
    prompt   Where is my parcel?

A row whose model may call tools has an object there, with these messages, the functions as the chat template
gets them, and what answers a call (`tms.tool_use.environment`):

    context  {"tools": [{"type": "function", "function": {"name": "calculator", "parameters": {...}}}],
              "environment": {"kind": "calculator", "calls": 2, "tokens": 1024}, "messages": []}

A row with images has an object with their digests (`tms.io.images`). They stand before the prompt's text:

    context  {"images": ["9f86d0..."], "messages": []}
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tms.io.errors import InputError

TOOLS_AND_IMAGES = "has tools and images; a row may have one of the two"
ROLES = ("system", "user", "assistant")
PARTS = {"tools", "environment", "messages"}  # of an object with tools
IMAGE_PARTS = {"images", "messages"}
DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Context:
    """A column `context` as it was read.

    Attributes:
        messages: before the prompt, each with `role` and `content`.
        tools: functions that the model may call, in OpenAI's form; empty: none.
        environment: `kind`, the module of `tms/tool_use/environments` that answers calls, `calls`, the most
            that an answer may make, perhaps `tokens`, the most of the row, and what that module reads.
        images: digests of the prompt's images (`tms.io.images.image_digest`), in order; empty: none.
    """

    messages: list[dict[str, str]] = field(default_factory=list)
    tools: list[dict] = field(default_factory=list)
    environment: dict = field(default_factory=dict)
    images: list[str] = field(default_factory=list)


def context_text(
    messages: list[dict],
    tools: Sequence[dict] = (),
    environment: dict | None = None,
    images: Sequence[str] = (),
) -> str:
    """The column `context` of a row with these messages before its prompt; "" where there is nothing.

    Args:
        messages: as of `Context`, as are the others.
        tools: not together with images.
        environment: of the tools.
        images: digests.

    Raises:
        InputError: a row has tools and images.
    """
    if tools and images:
        raise InputError(f"context {TOOLS_AND_IMAGES}")
    if images:
        return json.dumps({"images": list(images), "messages": messages}, ensure_ascii=False)
    if tools:
        messages = {"tools": list(tools), "environment": environment or {}, "messages": messages}
    return json.dumps(messages, ensure_ascii=False) if messages else ""


def read_context(context: str) -> Context:
    """Read a column `context`.

    Raises:
        InputError: it is neither a JSON list of messages nor such an object, or a user's prompt cannot
            follow; names neither file nor example.
    """
    if not context:
        return Context()
    try:
        read = json.loads(context)
        context.encode()
    except (ValueError, RecursionError) as error:
        raise InputError(f"context is no JSON ({str(error).splitlines()[0]})") from error
    if not isinstance(read, dict) or not read:
        return Context(_messages(read))
    if problem := _images_problem(read) if "images" in read else _tools_problem(read):
        raise InputError(f"context {problem}")
    messages = _messages(read["messages"]) if read["messages"] != [] else []
    return Context(messages, read.get("tools", []), read.get("environment", {}), read.get("images", []))


def _messages(messages: object) -> list[dict[str, str]]:
    if not isinstance(messages, list) or not messages:
        raise InputError('context is no JSON list of messages; where there are none it is ""')
    for number, message in enumerate(messages, start=1):
        if problem := _problem(message):
            raise InputError(f"message {number} of its context {problem}")
    if messages[-1]["role"] == "user":
        raise InputError("its context ends with a message of the user; join it with the prompt")
    return messages


def _images_problem(read: dict) -> str:
    """Fault of a context with images, but for its messages; "" where it has none."""
    if "tools" in read:
        return TOOLS_AND_IMAGES
    if set(read) != IMAGE_PARTS:
        return f"has to have the keys {', '.join(sorted(IMAGE_PARTS))}, and no others"
    images = read["images"]
    if not isinstance(images, list) or not images:
        return "has images that are no list of digests"
    if not all(isinstance(image, str) and DIGEST.fullmatch(image) for image in images):
        return "has an image that is no SHA-256 digest (64 hexadecimal digits)"
    return ""


def _tools_problem(read: dict) -> str:
    """Fault of a context with tools, but for its messages; "" where it has none."""
    if set(read) != PARTS:
        return f"has to have the keys {', '.join(sorted(PARTS))}, and no others"
    tools, environment = read["tools"], read["environment"]
    if not isinstance(tools, list) or not tools:
        return "has tools that are no list of functions"
    for number, tool in enumerate(tools, start=1):
        function = tool.get("function") if isinstance(tool, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            return f'has a tool ({number}) that is no {{"type": "function", "function": {{"name": ...}}}}'
    if not isinstance(environment, dict) or not isinstance(environment.get("kind"), str):
        return "has an environment without a kind"
    calls = environment.get("calls")
    if not isinstance(calls, int) or isinstance(calls, bool) or calls < 1:
        return "has an environment without calls, the most that an answer may make"
    tokens = environment.get("tokens", 1)
    if not isinstance(tokens, int) or isinstance(tokens, bool) or tokens < 1:
        return "has an environment with tokens, the most of the row, that are no number from 1"
    return ""


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
        read_context(context)
    except InputError as error:
        return str(error)
    return ""


def as_text(context: str, prompt: str) -> str:
    """A prompt with the messages before it as one text, for who reads it; the prompt alone where none are.

    Images are left out.
    """
    messages = read_context(context).messages
    if not messages:
        return prompt
    turns = [*messages, {"role": "user", "content": prompt}]
    return "\n\n".join(f"{turn['role'].capitalize()}: {turn['content']}" for turn in turns)
