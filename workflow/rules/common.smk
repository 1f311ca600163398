"""Checks of the configuration, and what the rules share: paths, flags, settings."""

import json
import os
import shlex
import sys
from pathlib import Path

sys.path.insert(0, str(Path(workflow.basedir, "workflow", "scripts")))

from tms.mixture import checkpoints
from tms.config import study as settings
from tms.io.code_digest import digests
from tms.config.check import check
from tms.io.errors import InputError
from tms.config.suite import Suite
from tms.config.requested import asked_models

# Stages run with the interpreter that runs Snakemake, whether or not its environment was activated.
# They work on local files alone, and their threads sleep while they wait: threads that spin stall beside others.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# The IFEval checker's sentence splitter.
PUNKT = "data/nltk/tokenizers/punkt_tab"
# Only what downloads may look at the hub, and only where the user has not forbidden it.
OFFLINE = os.environ.get("HF_HUB_OFFLINE", "0")
os.environ.update(
    PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    HF_HUB_OFFLINE="1",
    NLTK_DATA=os.path.abspath("data/nltk"),
)

config = settings.expanded(config)
try:
    # The workflow itself learns its targets only after the rules are read.
    asked = asked_models([word for word in sys.argv if word.startswith("results/")], config)
    for warning in check(config, asked):
        print(f"warning: {warning}", file=sys.stderr)
except InputError as error:
    sys.exit(f"error: {error}")

SFT_METHODS = settings.trajectories(config)
STUDENTS = settings.students(config)
ON_POLICY = settings.on_policy(config)
TARGETS = sorted({task for entry in config["suites"].values() for task in entry["targets"]})
STORE = "rows"
RUN = "results/{model}/{method}/{task}/seed{seed}"
CURVES = "logs/tensorboard/{model}/{method}/{task}/seed{seed}"


def any_of(names):
    """A wildcard constraint that admits exactly these names."""
    return "|".join(map(re.escape, names)) or "(?!)"


wildcard_constraints:
    model=any_of(config["models"]),
    world=any_of(config["pretrain"]),
    download=any_of(config["downloads"]),
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


def flags(**values):
    """Write settings as one string of command-line flags.

    It is a single param: Snakemake compares params as a set of values without names,
    so single values that trade places would go unnoticed. The printed command can be run by hand.
    """
    words = []
    for name, value in values.items():
        if value is None:
            continue
        words.append(f"--{name.replace('_', '-')}")
        words += [str(item) for item in value] if isinstance(value, list) else [str(value)]
    return shlex.join(words)


# What can be evaluated: the base, a training run, or the checkpoints before its end.
RUNS = f"base|({any_of(config['methods'])})/({any_of(TARGETS)})/seed[0-9]+(/points)?"
