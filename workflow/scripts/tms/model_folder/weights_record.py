"""The record of a model folder's weights, and words for what to do where they do not agree with it."""

from pathlib import Path

from tms.io import json_file

RECORD = "weights.json"  # in a model folder: digest and sizes of its weights
AGAIN = "delete the folder and run the stage that makes it again"
UPDATE = "update.json"  # in a trained checkpoint's folder: its way from theta_0 (tms.training.update)


def mending(folder: Path) -> str:
    """Words for what to do about damaged files of a model folder: only what a stage makes may be deleted."""
    return AGAIN if (folder / RECORD).exists() else "put the model's own files there again"


def read(file: Path) -> dict:
    """Read a record of weights.

    Raises:
        InputError: it cannot be read.
    """
    return json_file.read(file, "record of weights", AGAIN, {"sizes": dict, "sha256": str})
