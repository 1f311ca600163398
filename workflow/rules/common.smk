"""Checks of the configuration, the environment of the jobs, and the wildcards."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(workflow.basedir, "workflow", "scripts")))

from tms.config import paths, study, tasks
from tms.config.check import check
from tms.config.engines import simulator_folder
from tms.config.flags import flags, labelled
from tms.config.joint_targets import joint_targets, own_tasks
from tms.config.load import duplicates, laid_over, typed
from tms.config.paths import RUN, any_of
from tms.config.requested import asked_runs
from tms.config.size import size_faults
from tms.io import interrupts, variables
from tms.io.code_digest import digests
from tms.io.errors import InputError
from tms.mixture.checkpoints import FINAL
from tms.status import terminal

# Starts a program: finds another process that makes its output, and writes beside that what makes it.
FETCH = "python workflow/scripts/job.py --output {output:q} --"
JOB = "python workflow/scripts/job.py --output {output:q} --code {params.code[0]} --"
# Only what downloads may look at the hub, and only where the user has not forbidden it.
OFFLINE = os.environ.get("HF_HUB_OFFLINE", "0")
# Stages run with the interpreter that runs Snakemake, whether or not its environment was activated.
# They work on local files alone, and their threads sleep while they wait: threads that spin stall beside others.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# They keep the memory of tensors that they free, up to 512 MB: glibc would hand each back and fault it in again, which
# took a tenth to a fifth of the time of `drift` on a CPU.
os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", str(256 << 20))
os.environ.setdefault("MALLOC_TRIM_THRESHOLD_", str(512 << 20))
os.environ.update(
    PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    HF_HUB_OFFLINE="1",
    NLTK_DATA=os.path.abspath("data/nltk"),
)

interrupts.end_workflow(workflow)
if large := size_faults(config):
    sys.exit("\n".join(f"error: {line}" for line in large))
config = study.expanded(laid_over(config, typed(dict(workflow.config_settings.config or {}))))
CONFIGFILES = ["config/config.yaml", *map(str, workflow.overwrite_configfiles)]
try:
    variables.check()
    # The workflow itself learns its targets only after the rules are read.
    targets = [word for word in sys.argv if word.startswith("results/")]
    twice = [line for file in CONFIGFILES for line in duplicates(Path(file))]
    for warning in check(config, lambda: asked_runs(targets, config), twice):
        print(f"warning: {warning}", file=sys.stderr)
except InputError as error:
    sys.exit("\n".join(f"error: {line}" for line in str(error).splitlines()))
terminal.show(workflow, config)
# Tasks with data of their own; the rows of the others are joined.
OWN_TASKS = any_of(own_tasks(config))


wildcard_constraints:
    model=any_of(config["models"]),
    pretrained=any_of(config["pretrain"]),
    download=any_of(config["downloads"]),
    wheel=any_of(config["wheels"]),
    judge=any_of(config["judges"]),
    teacher=any_of(config["teachers"]),
    suite=any_of(config["suites"]),
    method=any_of(config["methods"]),
    task=any_of(config["tasks"]),
    split="train|heldout|test",
    seed="[0-9]+",
    part="[0-9]+",
    parts="[0-9]+",
    point="[0-9]+of[0-9]+",
