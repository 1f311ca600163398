"""The longest rows of tasks, by their limits and by what `compute` says of prompts."""

from collections.abc import Iterable

from tms.config import tasks as of_tasks
from tms.config.tasks import has_images


def longest_row(config: dict, tasks: Iterable[str]) -> int:
    """Tokens of the longest row of some tasks."""
    return max(of_tasks.longest_row(config, task, longest_prompt(config, [task])) for task in tasks)


def longest_judged(config: dict, tasks: Iterable[str]) -> int:
    """Tokens of what a judge reads of some tasks: the longest row, and the documentation of its tools.

    A character of the latter counts as a token.
    """
    return max(
        longest_row(config, [task]) + of_tasks.DOCUMENTED.get(of_tasks.kind(config, task), 0)
        for task in tasks
    )


def longest_prompt(config: dict, tasks: Iterable[str]) -> int:
    """Tokens of the longest prompt of some tasks, its images among them."""
    return config["compute"]["longest_prompt"] + longest_images(config, tasks)


def longest_images(config: dict, tasks: Iterable[str]) -> int:
    """Tokens of the images of the longest prompt of some tasks; 0 where none has images."""
    return config["compute"]["longest_images"] if any(has_images(config, task) for task in tasks) else 0
