"""Stages that need no model start fast: they never import torch or transformers, which take seconds."""

import json
import subprocess
import sys

from helpers.paths import SCRIPTS

TORCH_FREE = [
    "prepare",
    "filter_teacher",
    "plan_mixture",
    "build_mixture",
    "grade",
    "aggregate",
    "summarise",
    "frontier",
    "theorem61",
    "mismatch",
    "correlations",
    "table",
    "show",
    "decontaminate",
    "contamination_gate",
    "estimate",
    "diversity",
    "compare",
    "training_curves",
    "model_card",
    "questions",
    "report",
    "draw_tables",
    "draw_figures",
]

IMPORT_ALL = """
import importlib, json, runpy, sys
from pathlib import Path

scripts = Path(sys.argv[1])
sys.path.insert(0, str(scripts))
for name in sys.argv[2:]:
    runpy.run_path(str(scripts / f"{name}.py"), run_name="imported")
for folder in ("tasks", "graders"):
    for file in sorted((scripts / "tms" / folder).glob("[!_]*.py")):
        importlib.import_module(f"tms.{folder}.{file.stem}")
print(json.dumps(sorted(name for name in sys.modules if "." not in name)))
"""


def test_no_torch():
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, str(SCRIPTS), *TORCH_FREE],
        capture_output=True,
        text=True,
        check=True,
    )
    imported = set(json.loads(done.stdout))
    assert {"tms", "pyarrow"} <= imported
    assert not {"torch", "transformers", "vllm", "accelerate"} & imported
