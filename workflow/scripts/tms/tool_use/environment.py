"""The environments that answer calls of tools: modules of `environments`, one of which a row's context names.

Each has `observe(name, arguments, facts)`, which returns the tool's text, or raises `CallError` with a text
that the model reads; `facts` is the context's environment. Where it returns None a model is asked, and the
module has `question` (`simulated`). Names and arguments are a model's: untrusted. Nothing here reaches a real
service.
"""

from collections.abc import Sequence

from tms.io.conversation import Context
from tms.io.errors import InputError
from tms.tool_use.calls import Call, CallError
from tms.tool_use.environments import calculator, recorded, simulated
from tms.tool_use.environments.simulated import Question
from tms.tool_use.episode_length import OBSERVATION

# By name here, so that the digest of a stage's code holds them.
ENVIRONMENTS = {"calculator": calculator, "recorded": recorded, "simulated": simulated}
CUT = " [cut]"


def observe(
    call: Call, context: Context, prompt: str = "", before: Sequence[tuple[Question, str]] = ()
) -> str | Question:
    """The text with which a tool answers a call, or the question to the model that answers instead.

    Args:
        call: of the model.
        context: of the row.
        prompt: of the row.
        before: the questions of this episode, with their answers.

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
        if text is None:
            return ENVIRONMENTS[kind].question(call, context, prompt, before)
    except CallError as error:
        text = f"Error: {error}"
    return shortened(text)


def shortened(text: str) -> str:
    """An observation as the model reads it: at most `OBSERVATION` characters."""
    return text if len(text) <= OBSERVATION else text[: OBSERVATION - len(CUT)] + CUT
