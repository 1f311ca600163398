"""A stage whose rows are all stored: the program `generate`, from its start to its end."""

import subprocess
import sys
from pathlib import Path

WORK = "a stage whose rows are all stored"
PEER = ""
PACKAGES = ["pyarrow", "transformers"]
FIRST = "10.4 CPU s"
REACH = {"seconds": 2}
SIZES = [100, 1_000, 10_000]
SCRIPTS = Path(__file__).resolve().parents[3] / "workflow" / "scripts"


def product(inputs):
    """The program in a process of its own, as Snakemake starts it."""
    from rows import _prepared, _stored_rows

    folder = _prepared.folder_of(_stored_rows.write_stage, inputs.size)
    words = [sys.executable, SCRIPTS / "generate.py", "--model", _stored_rows.MINIATURE]
    words += ["--benchmarks", "chain=test.parquet", "--max-new-tokens", str(_stored_rows.LONGEST)]
    words += ["--threads", str(inputs.threads), "--cache", "rows", "--output", "out.parquet"]
    words += ["--cost", "cost.json"]

    def run() -> str:
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True)
        assert ", 0 to generate" in done.stderr, done.stderr
        return done.stderr

    return run
