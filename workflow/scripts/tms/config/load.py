"""The configuration from its files, for programs that are started by hand."""

import copy
from pathlib import Path

import yaml
from snakemake.utils import update_config

from tms.config import study as settings
from tms.io.errors import InputError


def configuration(configfiles: list[Path]) -> dict:
    """The configuration as Snakemake merges it.

    Args:
        configfiles: laid over config/config.yaml, in order.

    Raises:
        InputError: a file is missing or no YAML.
    """
    return merged(read_files(configfiles))


def read_files(configfiles: list[Path]) -> dict[Path, dict]:
    """The contents of config/config.yaml and of the files that are laid over it, in order.

    Raises:
        InputError: a file is missing or no YAML.
    """
    contents = {}
    for path in [Path("config/config.yaml"), *configfiles]:
        try:
            contents[path] = yaml.safe_load(path.read_text()) or {}
        except (OSError, yaml.YAMLError) as error:
            raise InputError(f"{path}: not a readable YAML file ({str(error).splitlines()[0]})") from error
    return contents


def merged(contents: dict[Path, dict]) -> dict:
    """The configuration of files that are laid over each other, in order."""
    config: dict = {}
    for values in contents.values():
        update_config(config, copy.deepcopy(values))
    return settings.expanded(config)
