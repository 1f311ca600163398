"""Flags that the pretraining programs share."""

import argparse
import json
from pathlib import Path

# Flags that change no model.
PLACES = ("base", "teacher", "record", "shipped")


def parser(description: str, **defaults: int | float) -> argparse.ArgumentParser:
    """Make the parser of a pretraining.

    Args:
        description: of the program.
        defaults: of the flags `width` to `threads`.
    """
    flags = argparse.ArgumentParser(description=description)
    add = flags.add_argument
    add("--base", type=Path, required=True, help="folder for the base model")
    add("--record", type=Path, required=True, help="how all was made (JSON)")
    add("--shipped", type=Path, help="folder of models that are copied if this command would make the same")
    add("--tasks", type=json.loads, required=True, help="tasks of the corpus, JSON: {name: {kind, options}}")
    add("--width", type=int, help="hidden size")
    add("--layers", type=int, help="number of layers")
    add("--heads", type=int, help="number of attention heads")
    add("--feed-forward", type=int, help="size of the feed-forward layer")
    add("--steps", type=int, help="optimiser steps of the base")
    add("--batch", type=int, help="examples a step of the base")
    add("--matrix-lr", type=float, help="peak rate of Muon (matrices)")
    add("--other-lr", type=float, help="peak rate of AdamW (the rest)")
    add("--seed", type=int, help="seed of weights and corpus")
    add("--threads", type=int, help="processes of one CPU thread each; results depend on it")
    flags.set_defaults(**defaults)
    return flags


def settings(args: argparse.Namespace) -> dict:
    """All flags that the models depend on."""
    return {name: value for name, value in vars(args).items() if name not in PLACES}
