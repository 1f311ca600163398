"""The shipped configuration with a model on one joint target, for tests of what the rules compute."""

import copy

import yaml

from helpers.paths import CONFIG
from tms.config import study

TARGET = "chain+mini_countdown"
SUITE = {"targets": [{"mix": ["chain", "mini_countdown"]}], "retention": ["facts"]}


def joint_config(*targets: str | dict, **suite) -> dict:
    """The expanded configuration, in which the model tiny has these targets (or the joint one above)."""
    config = copy.deepcopy(yaml.safe_load(CONFIG.joinpath("config.yaml").read_text()))
    config["suites"]["joint"] = SUITE | ({"targets": list(targets)} if targets else {}) | suite
    config["models"]["tiny"] |= {"suite": "joint", "experiments": ["main"]}
    return study.expanded(config)
