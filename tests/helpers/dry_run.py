"""Dry runs of Snakemake, forked from a process that has imported it: that is a third of their time."""

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

CONTEXT = multiprocessing.get_context("forkserver")
PRELOADED = [
    *("snakemake.cli", "snakemake.sourcecache", "snakemake.executors.dryrun", "smart_open", "yaml"),
    *("snakemake_executor_plugin_slurm", "snakemake_executor_plugin_slurm_jobstep", "yte", "jsonschema"),
]


def dry_run(folder: Path, words: list[str]) -> subprocess.CompletedProcess:
    """Run `snakemake --dry-run` with `words` in a folder."""
    CONTEXT.set_forkserver_preload(PRELOADED)
    with TemporaryDirectory() as place:
        texts = [Path(place) / name for name in ("output", "errors")]
        process = CONTEXT.Process(target=_run, args=(folder, ["--dry-run", *words], texts))
        process.start()
        process.join()
        output, errors = (text.read_text() for text in texts)
    return subprocess.CompletedProcess(words, process.exitcode, output, errors)


def _run(folder: Path, words: list[str], texts: list[Path]) -> None:
    for descriptor, text in enumerate(texts, start=1):
        os.dup2(os.open(text, os.O_WRONLY | os.O_CREAT), descriptor)
    os.chdir(folder)
    sys.argv = ["snakemake", *words]
    from snakemake.cli import main

    main()
