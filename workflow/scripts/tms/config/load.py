"""The configuration from its files, for programs that are started by hand."""

from pathlib import Path

import yaml

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
        config = laid_over(config, values)
    return settings.expanded(config)


def laid_over(config: dict, values: dict) -> dict:
    """A configuration with values laid over it, as Snakemake does it: a node may be checked without it."""
    config = dict(config)
    for key, value in values.items():
        below = config.get(key)
        if isinstance(value, dict):
            value = laid_over(below if isinstance(below, dict) else {}, value)
        config[key] = value
    return config
