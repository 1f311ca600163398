"""The configuration from its files, for programs that are started by hand."""

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
    merged: dict = {}
    for path in [Path("config/config.yaml"), *configfiles]:
        try:
            update_config(merged, yaml.safe_load(path.read_text()) or {})
        except (OSError, yaml.YAMLError) as error:
            raise InputError(f"{path}: not a readable YAML file ({str(error).splitlines()[0]})") from error
    return settings.expanded(merged)
