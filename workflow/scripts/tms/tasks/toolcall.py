"""Tool call: a request and a few tools, of which one JSON call answers the request.

One row, with two tools shown:

    context   add(a: integer, b: integer) - add two numbers
              Request: What is 4 plus 5?
              ... and the assistant's {"name": "add", "arguments": {"a": 4, "b": 5}}
    prompt    get_weather(city: string, date: string) - weather forecast for a city
              set_alarm(time: string) - set an alarm
              Request: Give me the forecast for Oslo on March 3.
    answer    {"name": "get_weather", "arguments": {"city": "Oslo", "date": "March 3"}}
    solution  the same

The context is one answered request, the same in every row, which shows what an answer looks like. The
splits `train` and `heldout` share tools and values, `test` has its own (`tms/data/tool_calls`): no name of a
tool, no value and no wording of the test is in training. A problem's split is a hash of its call too,
whatever the wording and the other tools shown, which parts `train` and `heldout`.
"""

import json
from pathlib import Path
from random import Random

from tms.data import options as task_options
from tms.data.splits import Drawn, collect, digest_id
from tms.data.tool_calls import test_tools, training_tools
from tms.data.tool_calls.tool import Tool
from tms.data.tool_calls.values import POOLS
from tms.io.conversation import context_text
from tms.io.errors import InputError

EXAMPLE = Tool("add", "add two numbers", {"a": "count", "b": "count"}, ["What is {a} plus {b}?"])
DEFAULTS = {
    "tools": 2,  # shown in a prompt
}


def build(split: str, size: int, seed: int, options: dict, root: Path | None = None) -> list[dict]:
    """Generate problems of one split; options as in `DEFAULTS`.

    Raises:
        InputError: an option is unknown or of no use, or the pool of problems is too small.
    """
    settings = read_options(options)
    part = "test" if split == "test" else "training"
    tools = test_tools.TOOLS if split == "test" else training_tools.TOOLS
    context = example()

    def draw(random: Random) -> Drawn:
        shown = random.sample(tools, settings["tools"])
        tool = random.choice(shown)
        arguments = values(random, tool, part)
        request = random.choice(tool.wordings).format(**arguments)
        problem = key(tool, arguments)
        return problem, lambda: {
            "example_id": digest_id("toolcall", problem),
            "context": context,
            "prompt": prompt(shown, request),
            "answer": call(tool, arguments),
            "problem": problem,
            "solution": call(tool, arguments),
            "cluster": tool.name,
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


def prompt(shown: list[Tool], request: str) -> str:
    """The user message of one problem."""
    return "\n".join([*(tool.line() for tool in shown), f"Request: {request}"])


def call(tool: Tool, arguments: dict) -> str:
    """The call, as JSON text."""
    return json.dumps({"name": tool.name, "arguments": arguments})


def example() -> str:
    """The messages before each prompt: a request of another tool and its call."""
    arguments = {"a": 4, "b": 5}
    request = EXAMPLE.wordings[0].format(**arguments)
    return context_text(
        [
            {"role": "user", "content": prompt([EXAMPLE], request)},
            {"role": "assistant", "content": call(EXAMPLE, arguments)},
        ]
    )
