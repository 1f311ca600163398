"""Whether a model folder's files are all there and whole."""

from pathlib import Path

from safetensors import SafetensorError, safe_open

from tms.io import json_file, machine
from tms.io.errors import InputError
from tms.model_folder import recorded_files, weights_record
from tms.model_folder.adapter_config import ADAPTER_WEIGHTS, base_of
from tms.model_folder.digest import weight_files, weights_digest
from tms.model_folder.weights_record import AGAIN, RECORD, mending


def open_weights(folder: Path) -> str:
    """Check that a model folder's weights are whole, and return their digest.

    Raises:
        InputError: as `weights_digest` and `check_files`.
    """
    digest = weights_digest(folder)
    check_files(folder)
    return digest


def check_files(folder: Path) -> None:
    """Check that a model folder's weight files are there and whole, by their headers and their index, and its
    other files those of its record.

    Raises:
        InputError: a truncated or changed file, or one that is missing.
    """
    if (folder / RECORD).exists():
        recorded_files.check(folder, weights_record.read(folder / RECORD).get("files", {}), RECORD, AGAIN)
    names = weight_files(folder).keys()
    for name in names:
        try:
            # Of a file that it cannot open, safe_open says that none is there.
            (folder / name).open("rb").close()
            with safe_open(folder / name, framework="np"):
                pass
        except (OSError, MemoryError) as error:
            raise InputError(
                machine.refused(error, folder / name) or f"{folder / name}: cannot be read ({error})"
            ) from error
        except SafetensorError as error:
            raise InputError(
                f"{folder / name}: not a whole safetensors file ({error}); {mending(folder)}"
            ) from error
    if base := base_of(folder):
        if ADAPTER_WEIGHTS not in names:
            raise InputError(f"{folder}: no {ADAPTER_WEIGHTS}; run the stage that makes the folder again")
        check_files(base)
        return
    if "model.safetensors" in names:
        return
    index = folder / "model.safetensors.index.json"
    remedy = "and there is no model.safetensors: download the model again"
    shards = json_file.read(index, "index of the weight files", remedy, {"weight_map": dict})["weight_map"]
    shards = {*map(str, shards.values())}
    if missing := sorted(shards - names):
        raise InputError(
            f"{folder / missing[0]}: no such file, which {index.name} names ({len(missing)} of {len(shards)} "
            f"are missing); download the model again"
        )
