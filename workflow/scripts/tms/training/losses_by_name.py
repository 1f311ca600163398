"""Losses of training on rows by name: the modules of `tms/training/losses`.

A module has `WORDS` (for readers, formatted with its settings), `KEYS` (name of each key of `training` that
it reads, and its type) and `summed(logits_NV, targets_N, **settings)`, the loss of a chunk of tokens summed
over its positions with loss; where settings may be out of range, also `check(**settings)`. One with
`READS_BASE` gets the base's logits as its third argument. Importing a module needs no torch, so that the
configuration can ask for its keys. N are tokens, V is the vocabulary.
"""

import argparse
from types import ModuleType

from tms.io import modules
from tms.io.errors import InputError

NLL = "nll"  # the loss of all runs that name none
FOLDER = "training/losses"


def names() -> list[str]:
    """Names of all losses."""
    return modules.names(FOLDER)


def load(name: str) -> ModuleType:
    """The module of a loss.

    Raises:
        InputError: there is none, or it lacks a part.
    """
    return modules.load_module(FOLDER, name)


def module(name: str) -> str:
    """The name of a loss's module, for digests of code."""
    return f"tms.{FOLDER.replace('/', '.')}.{name}"


def reads_base(name: str) -> bool:
    """Whether a loss takes the base's logits, so that the base runs beside the model."""
    return getattr(load(name), "READS_BASE", False)


def all_keys() -> dict[str, type]:
    """The keys of `training` that some loss reads, and their types."""
    return {key: kind for name in names() for key, kind in load(name).KEYS.items()}


def settings(args: argparse.Namespace) -> dict:
    """The settings that the loss of `--loss` reads, from flags of their names.

    Raises:
        InputError: one is missing, out of range, or there is one of another loss.
    """
    own = load(args.loss)
    values = {key: getattr(args, key) for key in all_keys() if getattr(args, key) is not None}
    for key in values:
        if key not in own.KEYS:
            others = " or ".join(name for name in names() if key in load(name).KEYS)
            raise InputError(
                f"{_flag(key)} {values[key]}: it belongs to --loss {others}; give both or neither"
            )
    for key in own.KEYS:
        if key not in values:
            raise InputError(f"--loss {args.loss}: give {_flag(key)} too")
    if hasattr(own, "check"):
        own.check(**values)
    return values


def _flag(key: str) -> str:
    return f"--{key.replace('_', '-')}"
