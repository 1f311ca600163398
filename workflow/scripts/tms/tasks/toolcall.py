"""Tool call: a request and a few tools, of which one JSON call answers the request.

One row, with two tools shown:

    prompt    Tools:
              get_weather(city: string, date: string) - weather forecast for a city
              set_alarm(time: string) - set an alarm
              Request: Give me the forecast for Oslo on March 3.
              ...
    answer    {"name": "get_weather", "arguments": {"city": "Oslo", "date": "March 3"}}
    solution  the same

The splits `train` and `heldout` share tools and values, `test` has its own (`tms/data/tool_calls`): no name
of a tool, no value and no wording of the test is in training. A problem's split is a hash of its call too,
whatever the wording and the other tools shown, which parts `train` and `heldout`.
"""

import hashlib
import json
from pathlib import Path
from random import Random

from tms.data import options as task_options
from tms.data.splits import collect
from tms.data.tool_calls import test_tools, training_tools
from tms.data.tool_calls.tool import Tool
from tms.data.tool_calls.values import POOLS
from tms.io.errors import InputError

PROMPT = (
    "Tools:\n{tools}\nRequest: {request}\n"
    'Answer with one JSON object: {{"name": the tool, "arguments": {{its arguments}}}}'
)
DEFAULTS = {
    "tools": 3,  # shown in a prompt
    "prompt": PROMPT,
}


def build(split: str, size: int, seed: int, options: dict, root: Path | None = None) -> list[dict]:
    """Generate problems of one split; options as in `DEFAULTS`.

    Raises:
        InputError: an option is unknown or of no use, or the pool of problems is too small.
    """
    settings = read_options(options)
    part = "test" if split == "test" else "training"
    tools = test_tools.TOOLS if split == "test" else training_tools.TOOLS

    def draw(random: Random) -> tuple[str, dict]:
        shown = random.sample(tools, settings["tools"])
        tool = random.choice(shown)
        arguments = values(random, tool, part)
        request = random.choice(tool.wordings).format(**arguments)
        call = json.dumps({"name": tool.name, "arguments": arguments})
        problem = key(tool, arguments)
        return problem, {
            "example_id": f"toolcall-{hashlib.sha256(problem.encode()).hexdigest()[:16]}",
            "prompt": prompt(shown, request, settings),
            "answer": call,
            "problem": problem,
            "solution": call,
        }

    return collect("toolcall", split, size, seed, draw)


def read_options(options: dict) -> dict:
    """Fill in the defaults.

    Raises:
        InputError: an option is unknown, or of no use.
    """
    settings = task_options.read_options("toolcall", options, DEFAULTS)
    if settings["tools"] > len(test_tools.TOOLS):
        raise InputError(
            f"toolcall: option tools is {settings['tools']}; the test split has {len(test_tools.TOOLS)}"
        )
    try:
        settings["prompt"].format(tools="", request="")
    except (LookupError, ValueError) as error:
        raise InputError(
            f"toolcall: option prompt is {settings['prompt']!r}; of what stands in braces it may hold "
            f"{{tools}} and {{request}} alone; write braces of JSON twice, {{{{ and }}}}"
        ) from error
    if missing := [name for name in ("{tools}", "{request}") if name not in settings["prompt"]]:
        raise InputError(
            f"toolcall: option prompt is {settings['prompt']!r}; it needs both {{tools}} and {{request}}, "
            f"and has no {missing[0]}"
        )
    return settings


def values(random: Random, tool: Tool, part: str) -> dict[str, str | int | float]:
    """Draw a value for each argument; arguments of one pool get different ones.

    Args:
        part: `training` or `test`, the values to draw from.
    """
    pools = list(tool.arguments.values())
    drawn = {
        pool: random.sample(getattr(POOLS[pool], part), pools.count(pool)) for pool in dict.fromkeys(pools)
    }
    return {name: drawn[pool].pop() for name, pool in tool.arguments.items()}


def key(tool: Tool, arguments: dict) -> str:
    """Text that identifies a problem whatever its wording and the tools shown."""
    return f"toolcall {tool.name} {' '.join(f'{name}={value}' for name, value in arguments.items())}"


def prompt(shown: list[Tool], request: str, settings: dict) -> str:
    """The user message of one problem."""
    return settings["prompt"].format(tools="\n".join(tool.line() for tool in shown), request=request)
