"""What answers the calls of tools: the module of `environments` that a row's context names.

It has `observe(name, arguments, facts)`, which returns the tool's text, or raises `CallError` with a text
that the model reads; `facts` is the context's environment. Names and arguments are a model's: untrusted.
Nothing here reaches a real service.
"""

from importlib import import_module
from importlib.util import find_spec

from tms.io.conversation import Context
from tms.io.errors import InputError
from tms.tool_use.calls import Call

LONGEST = 2000  # characters of an observation; the rest is cut off
CUT = " [cut]"


class CallError(Exception):
    """A call that a tool refuses; its text is what the model reads."""


def load(kind: str):
    """The module of an environment.

    Raises:
        InputError: there is none of this kind.
    """
    name = f"{__package__}.environments.{kind}"
    if not kind.isidentifier() or find_spec(name) is None:
        raise InputError(f"no environment {kind[:40]!r} answers calls: see workflow/scripts/tms/tool_use")
    return import_module(name)


def observe(call: Call, context: Context) -> str:
    """The text with which a tool answers a call.

    Args:
        call: of the model.
        context: of the row.

    Raises:
        InputError: there is no environment of that kind, or its facts are no such.
    """
    names = [tool["function"]["name"] for tool in context.tools]
    try:
        if call.name not in names:
            raise CallError(f"there is no tool {call.name[:40]!r}; there are {', '.join(names)}")
        text = load(context.environment["kind"]).observe(call.name, call.arguments, context.environment)
    except CallError as error:
        text = f"Error: {error}"
    return shortened(text)


def shortened(text: str) -> str:
    """An observation as the model reads it: at most `LONGEST` characters."""
    return text if len(text) <= LONGEST else text[: LONGEST - len(CUT)] + CUT
