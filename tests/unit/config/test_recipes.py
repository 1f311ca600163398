"""Recipes of the shipped configuration's methods, and what makes two methods differ."""

import pytest
import yaml
from helpers.paths import ROOT

from tms.config import study
from tms.config.recipes import recipes

CONFIG = study.expanded(yaml.safe_load((ROOT / "config/config.yaml").read_text()))


def test_sweeps_are_one_recipe_and_what_learns_from_something_else_is_not():
    entries = study.experiments(CONFIG, "tiny")
    names = [name for key in ("main", "mixture", "windows", "checkpoints", "alpha") for name in entries[key]]
    own = [*entries["main"], "tms_alpha0", "tms_theta0", "tms_final", "iterative_sft"]
    found = recipes(CONFIG, "tiny", names)
    assert list(dict.fromkeys(found.values())) == own
    assert {name for name, recipe in found.items() if recipe == "tms"} == {
        *("tms", "tms_early", "tms_mid", "tms_late", "tms_t2", "tms_t4", "tms_t6", "tms_t8", "tms_t12"),
        *("tms_alpha50", "tms_alpha75"),
    }


def test_shares_are_one_recipe_of_the_run_that_is_averaged():
    half = {"of": "sft_lr30", "share": 0.5}
    methods = CONFIG["methods"] | {"average_lr30": {"kind": "average", "average": half}}
    names = ["sft", "average_25", "average_75", "average_lr30"]
    found = recipes(CONFIG | {"methods": methods}, "tiny", names)
    assert list(found.values()) == ["sft", "average_25", "average_25", "average_lr30"]


def test_an_on_policy_learning_rate_and_divergence_make_a_recipe_and_ranks_do_not():
    more = {
        "reinforce_slow": {"kind": "reinforce", "on_policy": {"learning_rate": 1.0e-5}},
        "reinforce_same": {"kind": "reinforce", "on_policy": {"samples": 2}},
        "backward": {"kind": "distill", "on_policy": {"divergence": 1.0}},
        "forward": {"kind": "distill", "on_policy": {"divergence": 0.0}},
        "lora4": {"kind": "sft", "training": {"lora": {"rank": 4}}},
        "lora16": {"kind": "sft", "training": {"lora": {"rank": 16}}},
    }
    found = recipes(CONFIG | {"methods": CONFIG["methods"] | more}, "tiny", ["reinforce", *more])
    of_rates = ["reinforce", "reinforce_slow", "reinforce"]
    assert list(found.values()) == [*of_rates, "backward", "forward", "lora4", "lora4"]


def test_each_loss_is_a_recipe_of_its_own():
    """A sweep over the weight of the KL is one."""
    strong = {"tms_kl1": {"kind": "tms", "tms": {"loss": "kl"}, "training": {"kl_beta": 1.0}}}
    methods = CONFIG["methods"] | strong
    names = ["sft", "trsft", "dft", "kl_sft", "tms", "tms_trsft", "tms_dft", "tms_kl", "tms_kl1"]
    found = recipes(CONFIG | {"methods": methods}, "tiny", names)
    assert list(found.values()) == [*names[:-1], "tms_kl"]


@pytest.mark.parametrize(
    "entry, same",
    [
        ({"tms": {"alpha": 0.9}}, True),
        ({"tms": {"loss": "trsft"}}, False),
        ({"tms": {"loss": "kl"}}, False),
        ({"tms": {"alpha": 1.0}}, False),
        ({"tms": {"trajectory": "sft_lr30"}}, False),
        ({"training": {"learning_rate_scale": 0.3}}, False),
        ({"training": {"learning_rate": 3.0e-4}}, False),
        ({"training": {"lora": {"rank": 4}}}, False),
        ({"training": {"checkpoints": ["1of2"]}}, True),
        ({"tms": {"points": {"1of2": 0.5, "1of1": 0.5}}}, True),
        ({"tms": {"points": {"1of2": 1.0}}}, False),
        ({"tms": {"num_checkpoints": 2, "weights": [1.0, 0.0]}}, False),  # one checkpoint, said otherwise
    ],
)
def test_what_makes_a_recipe(entry, same):
    config = CONFIG | {"methods": CONFIG["methods"] | {"other": {"kind": "tms"} | entry}}
    assert recipes(config, "tiny", ["tms", "other"]) == {"tms": "tms", "other": "tms" if same else "other"}
