"""Golden calls of ToolAlpaca's evaluation files, and recorded trajectories of its training file.

A golden call is {"name": ..., "arguments": {...}}; arguments that are null are any: a question to the user
(`getDetails`) is in free words; of the evaluation files it stands under `written`, for a judge.
"""

import re

from tms.data.toolalpaca.functions import ASK
from tms.io import strict_json
from tms.tool_use.calls import Call, check_writable
from tms.tool_use.environment import shortened
from tms.tool_use.same_call import WRITTEN

MOST_STEPS = 5  # the authors train on no longer trajectory (`build_dataset.py`)
HINT = (
    "\nHint: "  # begins what the authors' own prompt added to an instruction, and their training leaves out
)
# What the authors' executor writes where a call has failed (`agent/tools.py`, `agent/convert_request.py`).
FAILED = re.compile(
    r"\s*(Status Code: [345]|Parameter type error|Missing required parameters|Invalid JSON format)"
)
# Begins the keys at the end of a real API's instruction (the authors' `instance_generation/generation.py`).
KEYS_TOLD = "\nAuthentication information: "
DECODER = strict_json.decoder()


class LeftOut(Exception):
    """An instruction that is left out; its text is the reason, the same for all of its kind."""


def golden(steps: list[dict], names: list[str], keys: dict) -> list[dict]:
    """Golden calls of an instruction.

    Args:
        steps: each with `Action` and `Action_Input`.
        names: of the API's functions.
        keys: of a real API, as the prompt tells them; the golden arguments of these names may be others.

    Raises:
        LeftOut: a call is no such.
    """
    calls = [_call(step["Action"], step["Action_Input"], names) for step in steps]
    if not calls:
        raise LeftOut("no golden call")
    told = [{name: keys.get(name, value) for name, value in call.arguments.items()} for call in calls]
    return [
        _wanted(Call(call.name, arguments)) | ({WRITTEN: arguments} if call.name == ASK else {})
        for call, arguments in zip(calls, told, strict=True)
    ]


def written(steps: list[dict]) -> list[dict]:
    """Golden calls as they stand, whose arguments are text: for a judge, which can read what is no JSON."""
    return [{"name": step["Action"], "arguments": step["Action_Input"]} for step in steps]


def trajectory(instance: object, names: list[str]) -> tuple[str, list[dict], list[dict], list[dict]]:
    """An instance of the training file.

    What the assistant thought before a call is its turn's text; the thought before the final response is left
    out, as the user reads that response. Golden are the calls that did not fail.

    Args:
        instance: with `input`, `output` and `intermediate_steps`, [[action, input, log], observation] each.
        names: of the API's functions.

    Returns:
        The instruction, the turns (`tms.tool_use.turns`), the recorded observations
        (`tms.tool_use.environments.recorded`) and the golden calls.

    Raises:
        LeftOut: it has not this form, or is one that the authors do not train on.
    """
    steps = instance.get("intermediate_steps") if isinstance(instance, dict) else None
    if not isinstance(steps, list) or not steps:
        raise LeftOut("no recorded step")
    texts = (instance.get("input"), instance.get("output"))
    if not all(isinstance(text, str) and text.strip() for text in texts) or not all(map(_is_step, steps)):
        raise LeftOut("not of the file's layout")
    if len(steps) > MOST_STEPS:
        raise LeftOut(f"more than {MOST_STEPS} steps")
    if {action for (action, _, _), _ in steps} == {ASK}:
        raise LeftOut("no call but questions to the user")
    calls = [_call(action, text, names) for (action, text, _), _ in steps]
    contents = [shortened(observation) for _, observation in steps]
    turns = []
    for call, ((_, _, log), _), content in zip(calls, steps, contents, strict=True):
        thought = log.rpartition("\nAction:")[0].strip().removeprefix("Thought:").strip()
        turns.append({"role": "assistant", "content": thought, "tool_calls": [call.message()]})
        turns.append({"role": "tool", "name": call.name, "content": content})
    turns.append({"role": "assistant", "content": texts[1].strip()})
    wanted = [_wanted(call) for call in calls]
    recorded = [
        {"name": call.name, "arguments": call.arguments, "content": content}
        for call, content in zip(calls, contents, strict=True)
    ]
    # A question to the user in other words gets the reply to the last one.
    asked = [step | {"arguments": None} for step in recorded if step["name"] == ASK]
    done = [step for step, content in zip(wanted, contents, strict=True) if not FAILED.match(content)]
    if not done:
        raise LeftOut("every call failed")
    return texts[0].rpartition(HINT)[0] or texts[0], turns, [*asked[-1:], *recorded], done


def _call(action: object, text: object, names: list[str]) -> Call:
    if action not in (*names, ASK):
        raise LeftOut("an action is not among the functions")
    if isinstance(text, str) and "${" in text:
        raise LeftOut("an action input holds a placeholder")
    try:
        # As the authors read it: from the first bracket on, and a list is no input.
        start = text.index("{")
        if "[" in text[:start]:
            raise ValueError("a list")
        arguments = DECODER.decode(text[start : text.rindex("}") + 1])
        check_writable(arguments)
    except (*strict_json.BROKEN, AttributeError) as error:
        raise LeftOut("an action input is no JSON object") from error
    return Call(action, arguments)


def _wanted(call: Call) -> dict:
    return {"name": call.name, "arguments": None if call.name == ASK else call.arguments}


def _is_step(step: object) -> bool:
    if not isinstance(step, list) or len(step) != 2 or not isinstance(step[0], list) or len(step[0]) != 3:
        return False
    return all(isinstance(text, str) for text in (*step[0], step[1]))
