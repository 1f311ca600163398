"""Recorded observations: a call is answered as the same call was when it was recorded.

    {"kind": "recorded", "calls": 8, "documentation": "getFacts: Retrieve facts ...",
     "observations": [{"name": "getFacts", "arguments": {"limit": 3}, "content": "Status Code: 200. ..."}]}

Equal are calls of one name and of the same arguments (`tms.tool_use.same_call`); arguments that are null are
any. Of several such observations the last one answers: the earlier ones are those of calls that had to be
tried again. What was not recorded is an error that the model reads. `documentation`, the API's, is no part of
an answer: a judge reads it, and the model that answers in `simulated`.
"""

from tms.io.errors import InputError
from tms.tool_use.calls import CallError
from tms.tool_use.same_call import same_arguments


def observe(name: str, arguments: dict, facts: dict) -> str:
    """The recorded observation of a call."""
    content = recorded(name, arguments, facts)
    if content is None:
        raise CallError(f"no answer is recorded for {name} with these arguments")
    return content


def recorded(name: str, arguments: dict, facts: dict) -> str | None:
    """The recorded observation of a call; None: there is none."""
    for seen in reversed(_observations(facts)):
        if seen["name"] == name and same_arguments(arguments, seen["arguments"]):
            return seen["content"]
    return None


def _observations(facts: dict) -> list[dict]:
    observations = facts.get("observations")
    if not isinstance(observations, list) or not all(map(_is_observation, observations)):
        raise InputError(
            "an environment of kind recorded or simulated needs observations, a list of name, arguments and "
            "content"
        )
    return observations


def _is_observation(seen: object) -> bool:
    if not isinstance(seen, dict) or set(seen) != {"name", "arguments", "content"}:
        return False
    texts = isinstance(seen["name"], str) and isinstance(seen["content"], str)
    return texts and isinstance(seen["arguments"], dict | None)
