"""The environments that answer calls of tools: modules of `environments`, one of which a row's context names.

Each has `observe(name, arguments, facts)`, which returns the tool's text, or raises `CallError` with a text
that the model reads; `facts` is the context's environment. Names and arguments are a model's: untrusted.
Nothing here reaches a real service.
"""

from tms.io.conversation import Context
from tms.io.errors import InputError
from tms.tool_use.calls import Call, CallError
from tms.tool_use.environments import calculator, recorded
from tms.tool_use.episode_length import OBSERVATION

# By name here, so that the digest of a stage's code holds them.
ENVIRONMENTS = {"calculator": calculator, "recorded": recorded}
CUT = " [cut]"


def observe(call: Call, context: Context) -> str:
    """The text with which a tool answers a call.

    Args:
        call: of the model.
        context: of the row.

    Raises:
        InputError: there is no environment of that kind, or its facts are no such.
    """
    names = [tool["function"]["name"] for tool in context.tools]
    kind = context.environment["kind"]
    if kind not in ENVIRONMENTS:
        raise InputError(f"no environment {kind[:40]!r} answers calls; there are {', '.join(ENVIRONMENTS)}")
    try:
        if call.name not in names:
            raise CallError(f"there is no tool {call.name[:40]!r}; there are {', '.join(names)}")
        text = ENVIRONMENTS[kind].observe(call.name, call.arguments, context.environment)
    except CallError as error:
        text = f"Error: {error}"
    return shortened(text)


def shortened(text: str) -> str:
    """An observation as the model reads it: at most `OBSERVATION` characters."""
    return text if len(text) <= OBSERVATION else text[: OBSERVATION - len(CUT)] + CUT
