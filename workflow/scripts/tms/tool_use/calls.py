"""Calls of tools in a model's text, in the form of Hermes and Qwen: JSON between two tags.

I add them. <tool_call>
{"name": "calculator", "arguments": {"expression": "37 * 24"}}
</tool_call>
"""

import json
import re
from dataclasses import dataclass

from tms.io import strict_json

OPEN, CLOSE = "<tool_call>", "</tool_call>"
LONGEST = 20_000  # characters of the calls of one turn
MOST = 8  # calls of one turn
CALL = re.compile(rf"{OPEN}(.*?)(?:{CLOSE}|\Z)", flags=re.DOTALL)
DECODER = strict_json.decoder()


class CallError(Exception):
    """A call that a tool refuses; its text is what the model reads."""


@dataclass(frozen=True)
class Call:
    """A call: the function's name and its arguments."""

    name: str
    arguments: dict

    @classmethod
    def of(cls, call: dict) -> "Call":
        """A call of a message, in OpenAI's form."""
        return cls(call["function"]["name"], call["function"]["arguments"])

    def message(self) -> dict:
        """The call as an assistant's message holds it, in OpenAI's form."""
        return {"type": "function", "function": {"name": self.name, "arguments": self.arguments}}


def calls_tools(text: str) -> bool:
    """Whether a turn of the model calls a tool, rightly or not."""
    return OPEN in text


def parse(text: str) -> tuple[str, list[Call]]:
    """The text before the calls of a turn, and the calls.

    Raises:
        ValueError: a call cannot be read; its text is what a model may be told.
    """
    content, _, rest = text.partition(OPEN)
    if len(rest) > LONGEST:
        raise ValueError(f"the calls are longer than {LONGEST} characters")
    bodies = CALL.findall(OPEN + rest)
    if len(bodies) > MOST:
        raise ValueError(f"more than {MOST} calls in one turn")
    return content.strip(), [_call(body) for body in bodies]


def check_writable(value: object) -> None:
    """Check that a value can be written as a row: few levels, finite numbers, texts of valid Unicode.

    What is read need not be: 1e999 is infinite, and an escape such as \\ud800 is half a sign.

    Raises:
        ValueError: it cannot.
    """
    strict_json.check_depth(value)
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


def _call(body: str) -> Call:
    try:
        read = DECODER.decode(body.strip())
        check_writable(read)
    except strict_json.BROKEN as error:
        raise ValueError(f"the call is no JSON ({str(error).splitlines()[0]})") from error
    if not isinstance(read, dict) or set(read) != {"name", "arguments"}:
        raise ValueError('a call is {"name": ..., "arguments": {...}}')
    if not isinstance(read["name"], str) or not isinstance(read["arguments"], dict):
        raise ValueError("a call has a text as its name and an object as its arguments")
    return Call(read["name"], read["arguments"])
