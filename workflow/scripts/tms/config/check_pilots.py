"""Checks of suites that train on tools or images: that what they say of a pilot is true of their targets."""

from collections.abc import Sequence

from tms.config import tasks
from tms.config.faults import Faults


def check(config: dict, suite: str, targets: Sequence[str], faults: Faults) -> None:
    """Check a suite's `pilot`, by which RQ11 and RQ12 are answered and methods without tools are left out.

    Args:
        config: the whole configuration.
        suite: its name.
        targets: the tasks that the suite trains on.
        faults: to which a line is added for each fault.
    """
    pilot = config["suites"][suite].get("pilot")
    kinds = {task: config["tasks"][task].get("kind") for task in targets if task in config["tasks"]}
    if pilot and (others := [task for task, kind in kinds.items() if kind not in tasks.PILOTS[pilot]]):
        faults.append(
            f"config: suites.{suite}.pilot: {pilot}, but {', '.join(others)} has none, and a verdict on "
            f"{pilot} would be about it; leave pilot out, or put it into another suite"
        )
    if pilot != "tools" and (called := [task for task, kind in kinds.items() if kind in tasks.TOOLS]):
        faults.append(
            f"config: suites.{suite}.pilot: {', '.join(called)} calls tools, which some methods do not take; "
            f"write pilot: tools, so that they are left out"
        )
