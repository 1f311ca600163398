"""Answers that call the calculator."""

from tms.tool_use.calls import Call
from tms.tool_use.turns import turns_text


def solution(expression: str, result: str) -> str:
    """The trajectory of a reference: call, result, answer."""
    called = {
        "role": "assistant",
        "content": "",
        "tool_calls": [Call("calculator", {"expression": expression}).message()],
    }
    told = {"role": "tool", "name": "calculator", "content": result}
    return turns_text([called, told, {"role": "assistant", "content": f"It is {result}."}])
