"""Variables of the environment, set for something else, with which programs would hang or not start."""

import os
from collections.abc import Mapping

from tms.io.errors import InputError

LAUNCHED = ("RANK", "LOCAL_RANK", "WORLD_SIZE")  # of one of several processes of PyTorch


def check_launcher(environment: Mapping[str, str] = os.environ) -> None:
    """Refuse variables of a launcher that has not started this program.

    It would wait for processes that nobody starts, or take itself for one that writes nothing.

    Raises:
        InputError: naming those that are set.
    """
    left = [name for name in LAUNCHED if name in environment]
    if left and "TORCHELASTIC_RUN_ID" not in environment:
        values = ", ".join(f"{name}={environment[name]}" for name in left)
        raise InputError(
            f"{values}: left in the environment by another program, as if this one were one of several "
            f"that are launched together; unset {' '.join(left)}"
        )


def check(environment: Mapping[str, str] = os.environ) -> None:
    """Refuse an environment in which the workflow's programs would not work.

    Raises:
        InputError: naming the variable.
    """
    if environment.get("PYTHONSAFEPATH"):
        raise InputError(
            "PYTHONSAFEPATH is set: with it Python does not find the library beside a program of "
            "workflow/scripts; unset PYTHONSAFEPATH"
        )
    check_launcher(environment)
