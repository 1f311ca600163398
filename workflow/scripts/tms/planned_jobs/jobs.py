"""Jobs that Snakemake would run for targets, from its dry run."""

import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from tms.io.errors import InputError

# Holds a logger plugin; Snakemake's public way to get at a job's facts.
PLUGINS = Path(__file__).resolve().parents[3] / "plugins"
MANY = 1 << 20  # cores and cards: Snakemake caps what a job asks for by what there is
TRAINING = ("train_sft", "train_student", "train_on_policy")  # rules that train a model of `models`
# Rules that sample one, but for those that train it.
GENERATING = ("harvest", "generate", "generate_samples", "answer_general", "drift")


@dataclass(frozen=True)
class Job:
    """A job of the workflow: `gpus` cards or `threads` cores, and its files."""

    rule: str
    wildcards: dict[str, str]
    input: list[str]
    output: list[str]
    benchmark: str = ""  # file with its run time, "" where the rule has none
    threads: int = 1
    gpus: int = 0
    priority: int = 0
    log: list[str] = field(default_factory=list)
    command: str = field(default="", compare=False)

    @property
    def trajectory(self) -> list[str]:
        """The folder of the checkpoints before the converged model, where the job saves one."""
        return [path for path in self.output if path.endswith("/trajectory")]


def jobs_of(targets: list[str], configfiles: list[Path], everything: bool = False) -> list[Job]:
    """List the jobs left to run for targets, in an order in which they could run.

    Args:
        targets: files or rules; none: the workflow's default.
        configfiles: laid over the configuration, in order.
        everything: finished jobs too.

    Raises:
        InputError: Snakemake refuses; the line holds its reason.
    """
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder, "jobs.jsonl")
        words = ["--dry-run", "--quiet", "all", "--nolock", "--nocolor", "--cores", str(MANY)]
        words += ["--forceall"] if everything else []
        words += ["--logger", "jobs", "--resources", f"gpu={MANY}"]
        words += ["--configfile", *map(str, configfiles)] if configfiles else []
        paths = [str(PLUGINS), *filter(None, [os.environ.get("PYTHONPATH")])]
        done = subprocess.run(
            [sys.executable, "-m", "snakemake", *words, "--", *targets],
            env=os.environ | {"TMS_JOBS_FILE": str(listed), "PYTHONPATH": os.pathsep.join(paths)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise InputError(refusal(f"{done.stderr}\n{done.stdout}", " ".join(targets)))
        return [Job(**json.loads(line)) for line in listed.read_text().splitlines()]


def refusal(said: str, target: str) -> str:
    """The line that tells why Snakemake stopped, from what it wrote; all those of the Snakefile's checks."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if own := [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]:
        return "\n".join(own)
    # "MissingInputException in rule x in file y, line 3:", and the facts follow.
    for number, line in enumerate(lines):
        if "Exception" in line or "Error" in line:
            return f"{target}: snakemake: {' '.join(lines[number:])[:400]}"
    return f"{target}: snakemake: {lines[-1] if lines else 'failed without a word'}"


def examples_of(job: Job) -> list[tuple[str, str]]:
    """(task, split) of the prepared examples among a job's inputs, each once."""
    examples = {}
    for path in job.input:
        if match := re.fullmatch(r"data/([^/]+)/(?:[^/]+/)?(train|heldout|test)\.parquet", path):
            examples[match[1], match[2]] = None
    return list(examples)
