"""Programs start fast: none imports torch or transformers, which take seconds, before it needs a model."""

import json
import subprocess
import sys

from helpers.paths import SCRIPTS

# Each program prints its help; then every task and grader is imported.
START_ALL = """
import contextlib, importlib, io, json, runpy, sys
from pathlib import Path

scripts = Path(sys.argv[1])
sys.path.insert(0, str(scripts))
for file in sorted(scripts.glob("*.py")):
    sys.argv = [file.name, "--help"]
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
        runpy.run_path(str(file), run_name="__main__")
for folder in ("tasks", "graders"):
    for file in sorted((scripts / "tms" / folder).glob("[!_]*.py")):
        importlib.import_module(f"tms.{folder}.{file.stem}")
print(json.dumps(sorted(name for name in sys.modules if "." not in name)))
"""


def test_no_torch():
    command = [sys.executable, "-c", START_ALL, str(SCRIPTS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    imported = set(json.loads(done.stdout))
    assert {"tms", "pyarrow"} <= imported
    assert not {"torch", "transformers", "vllm", "accelerate"} & imported
