"""The shipped configuration, as the rules read it."""

import yaml

from helpers.paths import CONFIG
from tms.config import study
from tms.config.method_kinds import MIXTURE, REFERENCES, SAMPLES, WEIGHTS

# What each shipped kind trains on, in the order of the table of kinds; a new kind needs no line here.
SHIPPED_KINDS = {
    **dict.fromkeys(("sft", "trsft", "replay", "dft", "kl_sft"), REFERENCES),
    **dict.fromkeys(("tms", "self_sft", "final_sft", "iterative_sft"), MIXTURE),
    **dict.fromkeys(("grpo", "reinforce", "trapo", "sdft", "distill"), SAMPLES),
    "average": WEIGHTS,
}
SHIPPED = study.expanded(yaml.safe_load((CONFIG / "config.yaml").read_text()))
