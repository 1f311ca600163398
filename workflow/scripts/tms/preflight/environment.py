"""The packages that the jobs of a run import, against the versions of the locks in `envs/`."""

import re
import sys
from collections.abc import Callable, Iterable
from importlib import metadata
from pathlib import Path

from tms.config import study
from tms.planned_jobs.jobs import GENERATING, Job

ENVS = Path(__file__).resolve().parents[4] / "envs"
# What loads, trains or samples a model: another version of one gives another result, or no job that runs.
IMPORTED = ("torch", "transformers", "tokenizers", "safetensors", "accelerate", "trl", "numpy")
CHECKS = {"gpu_check"}  # rules that themselves say what is missing


def engines(jobs: Iterable[Job], config: dict) -> set[str]:
    """The engines that generate in these jobs."""
    found = set()
    for job in jobs:
        if job.rule in (*GENERATING, "train_on_policy"):
            found.add(study.engine(config, "models", job.wildcards["model"]))
        elif job.rule == "judge":
            found.add(study.engine(config, "judges", job.wildcards["judge"]))
        elif job.rule == "teacher" and "model" in config["teachers"][job.wildcards["teacher"]]:
            found.add(study.engine(config, "teachers", job.wildcards["teacher"]))
    return found


def asks(jobs: list[Job], config: dict) -> bool:
    """Whether jobs take cards or vLLM; what runs on a CPU with transformers is not looked at."""
    return any(job.gpus for job in jobs if job.rule not in CHECKS) or "vllm" in engines(jobs, config)


def faults(jobs: list[Job], config: dict, version: Callable[[str], str | None] | None = None) -> list[str]:
    """Reason that keeps this interpreter, which runs the stages, from running jobs: nothing, or one line.

    Args:
        jobs: jobs to run.
        config: the whole configuration.
        version: the installed version of a package, None where it is missing; this interpreter's by default.
    """
    if not asks(jobs, config):
        return []
    version = version or installed
    cards = any(job.gpus for job in jobs)
    vllm = "vllm" in engines(jobs, config)
    target, lock = ("gpu", "gpu.lock") if cards else ("vllm-cpu", "laptop.lock")
    pinned = pins(ENVS / lock)
    wanted = {name: pinned[name] for name in IMPORTED}
    if vllm:
        package = "vllm" if cards else "vllm-cpu"
        wanted[package] = pins(ENVS / f"{target}.lock")[package]
    wrong = []
    for name, pin in wanted.items():
        present = version(name)
        if present is None:
            wrong.append(f"{name} is missing")
        elif present.partition("+")[0] != pin:  # a local label names a build of the same version
            wrong.append(f"{name} is {present}, not {pin}")
    if cards and (version("torch") or "").endswith("+cpu"):
        wrong.append("torch is a build for CPUs")
    if cards and vllm and version("vllm-cpu"):
        wrong.append("vllm-cpu lies over vllm")
    if not wrong:
        return []
    return [
        f"environment: {sys.executable} runs the jobs, but {', '.join(wrong)} (envs/{target}.lock); "
        f"`make -B {target}` mends .venv, and .venv/bin/snakemake runs from it"
    ]


def pins(lock: Path) -> dict[str, str]:
    """Package -> version, of a file of `name==version` lines."""
    return dict(re.findall(r"^([\w.-]+)==(\S+)$", lock.read_text(), re.M))


def installed(name: str) -> str | None:
    """The version of an installed package, None where it is missing. Nothing is imported."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
