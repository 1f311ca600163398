"""LoRA in the configuration: its values, the runs that have it, and their flags."""

import copy
from pathlib import Path

import pytest
from helpers.shipped_config import SHIPPED

from tms.config import check
from tms.config.run_folder import parse_run
from tms.config.run_settings import run_settings
from tms.config.stages import train
from tms.io.errors import InputError

LORA = {"rank": 16, "alpha": 32}


def changed(lora, **training):
    config = copy.deepcopy(SHIPPED)
    config["models"]["tiny"]["training"] |= {"lora": lora, **training}
    return config


@pytest.mark.parametrize(
    ("lora", "words"),
    [
        ({"rank": 0, "alpha": 1}, "training.lora.rank: 0 must be at least 1"),
        ({"rank": 4}, "key models.tiny.training.lora.alpha is missing"),
        (LORA | {"dropout": 1}, "training.lora.dropout: 1 must be less than 1"),
        (LORA | {"targets": "q_proj"}, "'q_proj' must be all-linear, or a list of names of modules"),
        (LORA | {"targets": []}, "training.lora.targets: [] needs at least 1 entry"),
        (LORA | {"ranks": 4}, "unknown key models.tiny.training.lora.ranks; did you mean rank?"),
        (16, "training.lora: 16 must be a mapping or null"),
    ],
)
def test_values(lora, words):
    with pytest.raises(InputError) as error:
        check.check(changed(lora), ["tiny"])
    assert words in str(error.value)


def test_adapters_are_not_sharded():
    with pytest.raises(
        InputError, match=r"training\.lora of models\.tiny, methods\.sft: adapters are not sharded"
    ):
        check.check(changed(LORA, fsdp=True), ["tiny"])


def test_targets_are_looked_up_where_the_base_is_there(tiny_model):
    config = changed(LORA | {"targets": ["q_proj", "w_proj"]})
    config["models"]["tiny"]["base"] = str(tiny_model)
    with pytest.raises(
        InputError, match=r"lora\.targets of models\.tiny, methods\.sft: .* no linear layer w_proj "
    ):
        check.check(config, ["tiny"])


def test_a_method_takes_adapters_or_leaves_them():
    config = copy.deepcopy(SHIPPED)
    config["methods"]["sft_lora"] = {
        "kind": "sft",
        "training": {"lora": LORA | {"targets": ["q_proj", "v_proj"]}},
    }
    config["methods"]["tms_lora"] = {
        "kind": "tms",
        "tms": {"trajectory": "sft_lora"},
        "training": {"lora": LORA | {"dropout": 0.05}},
    }
    check.check(config, ["tiny"])
    plain = train.row_flags(SHIPPED, "tiny", "sft", "chain", "0")
    assert train.row_flags(config, "tiny", "sft", "chain", "0") == plain and "lora" not in plain
    flags = "--lora-rank 16 --lora-alpha 32 --lora-targets"
    assert train.row_flags(config, "tiny", "sft_lora", "chain", "0").endswith(
        f" {flags} q_proj v_proj --lora-dropout 0"
    )
    assert train.row_flags(config, "tiny", "tms_lora", "chain", "0").endswith(
        f" {flags} all-linear --lora-dropout 0.05"
    )
    # A model's adapters, switched off for a method of its own.
    config = changed(LORA)
    config["methods"]["grpo"]["training"] = {"lora": None}
    assert train.on_policy_flags(config, "tiny", "reinforce", "chain", "0").endswith(
        f" {flags} all-linear --lora-dropout 0"
    )
    assert "lora" not in train.on_policy_flags(config, "tiny", "grpo", "chain", "0")
    run = parse_run(Path("results/tiny/sft/chain/seed0"), config)
    assert {setting.name: setting.place for setting in run_settings(config, run)}[
        "training.lora"
    ] == "models.tiny.training"
