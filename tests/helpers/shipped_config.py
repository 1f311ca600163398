"""The shipped configuration, as the rules read it."""

import yaml

from helpers.paths import CONFIG
from tms.config import study

SHIPPED = study.expanded(yaml.safe_load((CONFIG / "config.yaml").read_text()))
