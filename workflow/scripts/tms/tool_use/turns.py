"""Episodes: an answer of several turns, in which tools were called, as the column `completion` holds it.

    [{"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function":
       {"name": "calculator", "arguments": {"expression": "37 * 24"}}}]},
     {"role": "tool", "name": "calculator", "content": "888"},
     {"role": "assistant", "content": "There are 888 pens."}]

Every row whose context has tools has this form, also where no tool was called.
"""

import json

from tms.io import strict_json
from tms.io.errors import InputError
from tms.tool_use.calls import Call, calls_tools

DECODER = strict_json.decoder()


def turns_text(turns: list[dict]) -> str:
    """The column `completion` of an episode."""
    return json.dumps(turns, ensure_ascii=False)


def read_turns(completion: str) -> list[dict]:
    """The turns of an episode.

    Raises:
        InputError: it is none; names no example.
    """
    try:
        turns = DECODER.decode(completion)
    except strict_json.BROKEN as error:
        raise InputError(f"an answer with tools is no JSON ({str(error).splitlines()[0]})") from error
    if not isinstance(turns, list) or not turns or not all(map(_is_turn, turns)):
        raise InputError("an answer with tools is no list of turns (see tms/tool_use/turns.py)")
    return turns


def final_text(turns: list[dict]) -> str:
    """The text of an episode's last turn, where it is the assistant's and calls no tool; else "".

    A call that was cut, or cannot be read, is in the turn's text: it is no answer, whatever numbers it holds.
    """
    last = turns[-1]
    unfinished = last["role"] == "tool" or last.get("tool_calls") or calls_tools(last["content"])
    return "" if unfinished else last["content"]


def as_lines(turns: list[dict]) -> str:
    """An episode for who reads it: a line for each call, and for what its tool answered."""
    lines = []
    for turn in turns:
        if turn["role"] == "tool":
            lines.append(f"{turn['name']}: {turn['content']}")
            continue
        lines += [turn["content"]] if turn["content"] else []
        for call in map(Call.of, turn.get("tool_calls", [])):
            lines.append(f"call {call.name} {json.dumps(call.arguments, ensure_ascii=False)}")
    return "\n".join(lines)


def answered(turns: list[dict]) -> list[tuple[Call | None, str]]:
    """The answers of tools in an episode, in order, each with its call; None: that could not be read.

    The calls of a last turn may have no answer: the episode ended there, since they were more than the row
    allows, or their answers had no room.
    """
    steps, waiting = [], iter(())
    for turn in turns:
        if turn["role"] == "tool":
            steps.append((next(waiting, None), turn["content"]))
        else:
            waiting = map(Call.of, turn.get("tool_calls", []))
    return steps


def made_calls(turns: list[dict]) -> list[Call]:
    """The calls of an episode that tools answered, in order; others were not made."""
    return [call for call, _ in answered(turns) if call]


def _is_turn(turn: object) -> bool:
    if not isinstance(turn, dict) or not isinstance(turn.get("content"), str):
        return False
    if turn.get("role") == "tool":
        return set(turn) == {"role", "name", "content"} and isinstance(turn["name"], str)
    calls = turn.get("tool_calls", [])
    named = {"role", "content"} <= set(turn) <= {"role", "content", "tool_calls"}
    return turn.get("role") == "assistant" and named and isinstance(calls, list) and all(map(_is_call, calls))


def _is_call(call: object) -> bool:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict):
        return False
    return isinstance(function.get("name"), str) and isinstance(function.get("arguments"), dict)
