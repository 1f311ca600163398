"""A tool that a model may call: its signature, and requests that ask for it."""

from dataclasses import dataclass

from tms.data.tool_calls.values import POOLS


@dataclass(frozen=True)
class Tool:
    """One tool.

    Attributes:
        name: of the tool, in calls.
        does: a few words on what it is for.
        arguments: name of each argument -> the pool that its values come from.
        wordings: requests, with each argument's value once, in braces.
    """

    name: str
    does: str
    arguments: dict[str, str]
    wordings: list[str]

    def line(self) -> str:
        """The tool as a prompt shows it."""
        signature = ", ".join(f"{name}: {POOLS[pool].type}" for name, pool in self.arguments.items())
        return f"{self.name}({signature}) - {self.does}"


def read_tools(table: str) -> list[Tool]:
    """Tools of a table: paragraphs of a line `name(argument: pool, ...) - what it does` and its requests."""
    tools = []
    for paragraph in table.strip().split("\n\n"):
        line, *wordings = paragraph.split("\n")
        signature, _, does = line.partition(") - ")
        name, _, arguments = signature.partition("(")
        pools = dict(argument.split(": ") for argument in arguments.split(", "))
        tools.append(Tool(name, does, pools, wordings))
    return tools
