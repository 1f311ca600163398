"""Checks of the configuration, and what the rules share: paths, flags, settings."""

import json
import os
import shlex
import sys
from pathlib import Path

sys.path.insert(0, str(Path(workflow.basedir, "workflow", "scripts")))

from tms import checkpoints, config as settings
from tms.code_digest import digests
from tms.errors import InputError

# Stages run with the interpreter that runs Snakemake, whether or not its environment was activated.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
# All stages work on local files; what is downloaded is downloaded by a rule of its own.
os.environ["HF_HUB_OFFLINE"] = "1"

try:
    for warning in settings.check(config):
        print(f"warning: {warning}", file=sys.stderr)
except InputError as error:
    sys.exit(f"error: {error}")

SFT_METHODS = settings.trajectories(config)
STUDENTS = settings.students(config)
TARGETS = sorted({task for suite in config["suites"].values() for task in suite["targets"]})
STORE = "rows"
RUN = "results/{model}/{method}/{task}/seed{seed}"
CURVES = "logs/tensorboard/{model}/{method}/{task}/seed{seed}"


def any_of(names):
    """A wildcard constraint that admits exactly these names."""
    return "|".join(map(re.escape, names)) or "(?!)"


wildcard_constraints:
    model=any_of(config["models"]),
    world=any_of(config["pretrain"]),
    teacher=any_of(config["teachers"]),
    method=any_of(config["methods"]),
    task=any_of(config["tasks"]),
    split="train|heldout|test",
    seed="[0-9]+",
    part="[0-9]+",
    parts="[0-9]+",
    point="[0-9]+of[0-9]+",


def flags(**values):
    """Write settings as one string of command-line flags.

    A rule passes this one string as its param: Snakemake compares params as a set of values without names,
    so single values that trade places would go unnoticed. The printed command can be run by hand.
    """
    words = []
    for name, value in values.items():
        if value is None:
            continue
        words.append(f"--{name.replace('_', '-')}")
        words += [str(item) for item in value] if isinstance(value, list) else [str(value)]
    return shlex.join(words)


def kind(task):
    return config["tasks"][task]["kind"]


def graders(tasks):
    """Modules of the graders of these tasks, for the code digest."""
    return tuple(f"tms.graders.{name}" for name in sorted({kind(task) for task in tasks}))


def suite(model):
    return config["suites"][config["models"][model]["suite"]]


def engine_flags():
    """Flags of every stage that generates."""
    return {"engine": config["engine"], "threads": config["compute"]["threads"], "store": STORE}


def checkpoint_folder(model, method, task, seed, point):
    """Folder of a run's checkpoint; theta_0 is the model's base."""
    if point == checkpoints.BASE:
        return config["models"][model]["base"]
    return f"results/{model}/{method}/{task}/seed{seed}/checkpoint-{point}"


def teacher_file(wildcards, name):
    return f"data/{wildcards.task}/{config['models'][wildcards.model]['teacher']}/{name}"


def base(wildcards):
    return config["models"][wildcards.model]["base"]


def training_flags(wildcards):
    """Flags of a training run: the keys that change its result."""
    chosen = settings.section(config, "training", wildcards.model, wildcards.method, wildcards.task)
    return {
        "epochs": chosen["epochs"],
        "learning_rate": chosen["learning_rate"],
        "effective_batch": chosen["effective_batch"],
        "warmup": chosen["warmup"],
        "max_new_tokens": config["tasks"][wildcards.task]["max_new_tokens"],
        "seed": wildcards.seed,
        "threads": config["compute"]["threads"],
    }


def device_batch(wildcards):
    """Memory only: not a param, so that an edit reruns nothing."""
    return settings.section(config, "training", wildcards.model, wildcards.method, wildcards.task)[
        "device_batch"
    ]


# What can be evaluated: the base, or a training run.
RUNS = f"base|({any_of(config['methods'])})/({any_of(TARGETS)})/seed[0-9]+"
