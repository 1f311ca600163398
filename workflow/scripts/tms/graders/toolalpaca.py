"""Grader of tool use: the episode makes the golden calls, in order.

A call is golden where its function and its arguments are those of a golden one (`tms.tool_use.same_call`).
The golden calls that follow each other and are of one function may come in any order: none of them needs
another's result (three sizes are three searches). Calls of another function come after all of those before:
what they need of the earlier results, the golden answer does not say. Further calls, failed ones that were
made again among them, count neither for nor against: the authors' judge accepts those, the number of calls is
limited by the row's environment, and `same_calls` is the score without them.

A call that no tool answered was not made, and counts for nothing: an episode ends with such calls where they
are more than the row allows, or their answers have no room. It is so in the authors' evaluation: their judge
reads an agent's `intermediate_steps` (`evaluation.py`), and a step stands there once its tool has returned
(`agent/custom_agent_executor.py`).

Beside the score:

    same_calls    exactly the golden calls, in their order
    any_order     all golden calls, in whatever order
    names         the golden functions in order, whatever their arguments
    stated_calls  the golden calls in order, whatever their arguments that the instruction does not state
                  (`free` of the golden call; `tms.data.toolalpaca.unstated`)
"""

import json
from collections.abc import Callable
from itertools import groupby

from tms.answers.grade import Grade
from tms.graders import json as json_grader
from tms.io.errors import InputError
from tms.tool_use.calls import Call, check_writable
from tms.tool_use.same_call import FREE, WRITTEN, same_arguments, same_stated_arguments
from tms.tool_use.turns import made_calls, read_turns

METRIC = "golden_calls"
EPISODES = True
LONGEST = 500_000  # characters of an episode
MOST = 100  # calls of an episode that are looked at
KEYS = {"name": str, "arguments": dict | None, FREE: list, WRITTEN: dict}  # of a golden call


def read_gold(answer: str) -> list[dict]:
    """Golden calls: a list of {"name": ..., "arguments": {...}}; arguments that are null are any.

    A call may have names of `free` arguments, and of arguments that are any those that are `written` in the
    file, which a judge sees.

    Raises:
        InputError: the answer is none.
    """
    json_grader.read_gold(answer)
    gold = json.loads(answer)
    try:
        check_writable(gold)
        if not isinstance(gold, list) or not gold or not all(map(_is_golden, gold)):
            raise ValueError('no list of {"name": ..., "arguments": {...}}')
    except ValueError as error:
        raise InputError(f"the gold answer {answer[:60]!r} cannot be read ({error}); correct it") from error
    return gold


def grade(completion: str, answer: str) -> Grade:
    """Score 1 where the episode makes the golden calls in order; see above."""
    gold = read_gold(answer)
    try:
        if len(completion) > LONGEST:
            raise InputError("too long")
        made, failure = made_calls(read_turns(completion))[:MOST], ""
    except InputError:
        made, failure = [], "no episode"
    also = {
        "same_calls": len(made) == len(gold) and all(map(_same, made, gold)),
        "any_order": _in_order(made, [gold], _same),
        "names": _in_order(made, _groups(gold), _same_name),
        "stated_calls": _in_order(made, _groups(gold), _same_stated),
    }
    extracted = "; ".join(f"{call.name} {json.dumps(call.arguments, ensure_ascii=False)}" for call in made)
    return Grade(
        float(_in_order(made, _groups(gold), _same)),
        extracted[:200],
        {name: [float(value)] for name, value in also.items()},
        failure,
    )


def _groups(gold: list[dict]) -> list[list[dict]]:
    return [list(calls) for _, calls in groupby(gold, key=lambda call: call["name"])]


def _in_order(made: list[Call], groups: list[list[dict]], same: Callable[[Call, dict], bool]) -> bool:
    """Whether all calls of a group are made, and after the last of them all of the next group.

    A group ends with the first call at which each of its golden calls can have a call of its own (a call may
    fit several of them): no other choice does better.
    """
    rest = iter(made)
    for group in groups:
        fitting: list[list[int]] = []  # places of the golden calls that a call may be
        call_of: dict[int, int] = {}
        while len(call_of) < len(group):
            call = next(rest, None)
            if call is None:
                return False
            fitting.append([place for place, wanted in enumerate(group) if same(call, wanted)])
            _match(len(fitting) - 1, fitting, call_of, set())
    return True


def _match(call: int, fitting: list[list[int]], call_of: dict[int, int], tried: set[int]) -> bool:
    """Give a call a golden one, also where another call then takes another one."""
    for place in fitting[call]:
        if place not in tried:
            tried.add(place)
            if place not in call_of or _match(call_of[place], fitting, call_of, tried):
                call_of[place] = call
                return True
    return False


def _same(call: Call, wanted: dict) -> bool:
    return call.name == wanted["name"] and same_arguments(call.arguments, wanted["arguments"])


def _same_stated(call: Call, wanted: dict) -> bool:
    free = wanted.get(FREE, [])
    return call.name == wanted["name"] and same_stated_arguments(call.arguments, wanted["arguments"], free)


def _same_name(call: Call, wanted: dict) -> bool:
    return call.name == wanted["name"]


def _is_golden(call: object) -> bool:
    if not isinstance(call, dict) or not {"name", "arguments"} <= set(call) <= {*KEYS}:
        return False
    free = call.get(FREE, [])
    return all(isinstance(call[name], kind) for name, kind in KEYS.items() if name in call) and all(
        isinstance(name, str) for name in free
    )
