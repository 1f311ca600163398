"""A vision tower that training could not train is told before any job."""

import copy

import pytest
from helpers.shipped_config import SHIPPED

from tms.config import check
from tms.io.errors import InputError


def changed(cards, **training):
    config = copy.deepcopy(SHIPPED)
    config["models"]["tiny"]["training"] |= {"vision": "trained", **training}
    config["models"]["tiny"]["gpus"] = {"train": cards, "generate": 1}
    return config


@pytest.mark.parametrize(
    ("cards", "training", "words"),
    [
        (2, {}, "trained works on one card, and models.tiny.gpus.train is 2; lower it, or write frozen"),
        (1, {"lora": {"rank": 4, "alpha": 8}}, "adapters are of the decoder alone; leave training.lora out"),
    ],
)
def test_a_tower_is_trained_on_one_card_and_without_adapters(cards, training, words):
    with pytest.raises(InputError) as error:
        check.check(changed(cards, **training), ["tiny"])
    assert words in str(error.value) and "training.vision of models.tiny, methods.sft" in str(error.value)
    frozen = changed(cards, **training | {"vision": "frozen"})
    check.check(frozen, ["tiny"])


def test_on_one_card_it_is_trained():
    check.check(changed(1), ["tiny"])
