"""Plans of one model of the paper, with settings of a row's own."""

import json
import subprocess
import sys
from collections.abc import Callable

MODEL = "qwen3b"


def plan(settings: dict) -> Callable[[], object]:
    """A dry run of the model's table in the repository's root, all jobs planned and none listed.

    Args:
        settings: laid over config/config.yaml; the model has the experiment `main` alone.
    """
    from rows import _prepared

    file = _prepared.folder_of(_write, settings) / "settings.yaml"
    words = [sys.executable, "-m", "snakemake", "-n", "-q", "--cores", "1", "--forceall"]
    words += ["--configfile", str(file), "--", f"results/{MODEL}/table.csv"]
    return lambda: subprocess.run(words, check=True, capture_output=True)


def of_model(**entry) -> dict:
    """Settings of the model's own entry."""
    return {"models": {MODEL: {"experiments": ["main"]} | entry}}


def _write(folder, settings: dict) -> None:
    (folder / "settings.yaml").write_text(json.dumps(settings))
