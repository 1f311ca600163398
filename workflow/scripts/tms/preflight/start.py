"""The preflight at the start of a real run: the workflow calls it before its first job."""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from tms.planned_jobs.jobs import MANY, Job
from tms.preflight import environment, hub_access

PROGRAM = Path(__file__).resolve().parents[2] / "preflight.py"


def check(workflow, config: dict, offline: str) -> None:
    """Stop a run whose jobs lack something; a run without cards, vLLM or the hub is not looked at.

    The check is a process of its own: Snakemake's own keeps off the hub, and imports little.

    Args:
        workflow: Snakemake's, with its plan.
        config: the whole configuration.
        offline: the user's HF_HUB_OFFLINE.

    Raises:
        SystemExit: something is missing; the process has said what.
    """
    if workflow.touch:
        return
    jobs = [planned(job) for job in workflow.dag.needrun_jobs()]
    if not environment.asks(jobs, config) and not hub_access.needed(jobs, config):
        return
    if workflow.local_exec:
        gpus = cards(workflow)
    else:
        gpus = min(workflow.nodes, MANY) * max(job.gpus for job in jobs)
    conda = any(method.name == "CONDA" for method in workflow.deployment_settings.deployment_method)
    plan = {"config": config, "jobs": list(map(asdict, jobs)), "gpus": gpus, "other_interpreter": conda}
    done = subprocess.run(
        [sys.executable, str(PROGRAM), "--plan"],
        input=json.dumps(plan),
        env=os.environ | {"HF_HUB_OFFLINE": offline},
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.returncode)


def cards(workflow) -> int:
    """Cards of this machine that a run may use."""
    return getattr(workflow.global_resources.get("gpu"), "value", 0) or 0


def planned(job) -> Job:
    """A job of Snakemake's plan, as its dry run lists it."""
    gpus = job.resources.get("gpu", 0)
    return Job(
        rule=job.rule.name,
        wildcards={name: str(value) for name, value in job.wildcards_dict.items()},
        input=list(map(str, job.input)),
        output=list(map(str, job.output)),
        threads=job.threads,
        gpus=gpus if isinstance(gpus, int) else 0,
        priority=job.priority,
        log=list(map(str, job.log)),
    )
