"""Modules that a setting names, which a user may have written: tasks, graders, judges and losses."""

import importlib
import importlib.util
import traceback
from pathlib import Path
from types import ModuleType

from tms.io.errors import InputError

SCRIPTS = Path(__file__).resolve().parents[2]
PARTS = {
    "tasks": ("build",),
    "graders": ("METRIC", "grade"),
    "judges": ("prompt",),
    "training/losses": ("WORDS", "KEYS", "summed"),
}  # that a module must have
NOUNS = {"tasks": "task", "graders": "grader", "judges": "judge", "training/losses": "loss"}


def names(folder: str) -> list[str]:
    """Names of the modules of `tms/{folder}`."""
    return sorted(file.stem for file in (SCRIPTS / "tms" / folder).glob("[!_]*.py"))


def load_module(folder: str, name: str) -> ModuleType:
    """Import `tms/{folder}/{name}.py`.

    Args:
        folder: of `PARTS`.
        name: the module's name.

    Raises:
        InputError: there is no such module, it cannot be imported, or it lacks what it must have.
    """
    whole = f"tms.{folder.replace('/', '.')}.{name}"
    if not name.isidentifier() or importlib.util.find_spec(whole) is None:
        raise InputError(
            f"{NOUNS[folder]} {name!r}: no such module; correct the name, or add "
            f"workflow/scripts/tms/{folder}/{name}.py"
        )
    try:
        module = importlib.import_module(whole)
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{NOUNS[folder]} {name}: {told(error)}; correct it") from error
    if missing := [part for part in PARTS[folder] if not hasattr(module, part)]:
        raise InputError(f"workflow/scripts/tms/{folder}/{name}.py has no {', '.join(missing)}; add it")
    return module


def told(error: BaseException) -> str:
    """An exception in one line, with the file of the project and the line that it comes from."""
    places = [
        (Path(frame.filename), frame.lineno)
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(SCRIPTS)
    ]
    if isinstance(error, SyntaxError) and error.filename:
        places.append((Path(error.filename), error.lineno))
    message = " ".join(str(error).split())
    text = f"{type(error).__name__}: {message}" if message else type(error).__name__
    if not places:
        return text
    # The library below a module that a setting names is not at fault.
    folders = {Path(folder).name for folder in PARTS}
    named = [place for place in places if place[0].parent.name in folders]
    path, line = (named or places)[-1]
    shown = path.relative_to(SCRIPTS.parents[1]) if path.is_relative_to(SCRIPTS) else path
    return f"{shown}, line {line}: {text}"
