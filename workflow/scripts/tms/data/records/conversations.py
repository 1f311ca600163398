"""Conversations: the turns that are trained on, each with the messages before it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from tms.config.known import meant
from tms.data.records.values import Unusable, json_list, shown, text
from tms.io.conversation import ROLES, context_text

SHAREGPT = {"human": "user", "gpt": "assistant"}  # its roles -> ours; its messages have `from` and `value`


@dataclass(frozen=True)
class Turn:
    """An answer with its prompt.

    Attributes:
        context: JSON text of the messages (role, content) before the prompt, "" where there are none.
        prompt: the user's message.
        answer: the assistant's.
        problem: the user's messages up to the prompt, which is the last of them.
        key: text whose hash chooses the split.
    """

    context: str
    prompt: str
    answer: str
    problem: str
    key: str


def turns(value: object, every: bool, found: Callable[[str], None]) -> list[Turn]:
    """The turns of a conversation that are trained on: the last one, or every one.

    Where every turn is trained on, all turns of a conversation, and all conversations that open with the same
    message, have the same key; else those have it whose user's messages are the same.

    Args:
        value: list of messages, or its JSON text.
        every: whether every turn is a row.
        found: called with each fault.
    """
    try:
        messages = _messages(value)
    except Unusable as error:
        found(str(error))
        return []
    faults: list[str] = []
    clean = [_message(message, number, faults) for number, message in enumerate(messages, start=1)]
    if not faults:
        faults += _order([message["role"] for message in clean])
    for fault in faults:
        found(fault)
    if faults:
        return []
    made = []
    opening = next(message["content"] for message in clean if message["role"] == "user")
    for place, message in enumerate(clean):
        if message["role"] != "assistant" or not (every or place == len(clean) - 1):
            continue
        before, prompt = clean[: place - 1], clean[place - 1]["content"]
        context = context_text(before)
        problem = _problem([item["content"] for item in clean[:place] if item["role"] == "user"])
        made.append(Turn(context, prompt, message["content"], problem, opening if every else problem))
    return made


def _problem(asked: list[str]) -> str:
    """The user's messages as one problem.

    Several are one line: the contamination gate takes the last lines of a text for the options of a question,
    so that a mere "Hello" would equal every conversation that it opens.
    """
    return asked[0] if len(asked) == 1 else " ".join(" ".join(text.split()) for text in asked)


def roles(value: object) -> Counter:
    """Number of messages of each role in a conversation without faults."""
    return Counter(message["role"] for message in _messages(value))


def _messages(value: object) -> list:
    """The messages of a conversation; those of ShareGPT's form get our words."""
    return [
        {"role": SHAREGPT.get(message["from"], message["from"]), "content": message["value"]}
        if isinstance(message, dict)
        and message.keys() >= {"from", "value"}
        and not message.keys() & {"role", "content"}
        and isinstance(message["from"], str)
        else message
        for message in json_list(value, "messages")
    ]


def _message(message: object, number: int, faults: list[str]) -> dict[str, str]:
    """A message's role and content."""
    if not isinstance(message, dict):
        faults.append(f"message {number} is {shown(message)}; write an object with role and content")
        return {"role": "", "content": ""}
    if missing := [name for name in ("role", "content") if name not in message]:
        names = ", ".join(ascii(str(name))[1:-1] for name in message) or "nothing"
        faults.append(f"message {number} has no {' and no '.join(missing)} (it has {names[:80]}); name it so")
        return {"role": "", "content": ""}
    role, content = message["role"], ""
    if role not in ROLES:
        listed = f"write one of {', '.join(ROLES)}"
        remedy = meant(role, ROLES, listed) if isinstance(role, str) else listed
        faults.append(f"message {number} has the role {shown(role)}; {remedy}")
    try:
        content = text(message["content"], f"content of message {number}")
    except Unusable as error:
        faults.append(str(error))
    return {"role": str(role), "content": content}


def _order(roles: list[str]) -> list[str]:
    """Fault of the order of roles: a system prompt at most, then user and assistant in turn."""
    start = 1 if roles[:1] == ["system"] else 0
    turns, faults = roles[start:], []
    if turns and turns[0] == "assistant":
        faults.append(f"message {start + 1} is the assistant's; a user's message must be the first")
    for number, (before, role) in enumerate(zip(["", *turns], turns, strict=False), start + 1):
        if role == "system":
            faults.append(f"message {number} is the system's, which only the first can be; move it there")
        elif role == before:
            faults.append(f"messages {number - 1} and {number} are both the {role}'s; join them")
    if not turns:
        faults.append("a conversation without turns; write a user's and an assistant's message")
    elif turns[-1] == "user":
        faults.append("the conversation ends with the user; add the answer, or remove that message")
    return faults
