"""Modules that a setting names: tasks, graders and judges."""

import importlib
import importlib.util
from types import ModuleType

from tms.io.errors import InputError


def load_module(folder: str, name: str) -> ModuleType:
    """Import `tms/{folder}/{name}.py`.

    Args:
        folder: `tasks`, `graders` or `judges`.
        name: the module's name.

    Raises:
        InputError: there is no such module.
    """
    if not name.isidentifier() or importlib.util.find_spec(f"tms.{folder}.{name}") is None:
        raise InputError(
            f"{folder.removesuffix('s')} {name!r}: no such module; correct the name, or add "
            f"workflow/scripts/tms/{folder}/{name}.py"
        )
    return importlib.import_module(f"tms.{folder}.{name}")
