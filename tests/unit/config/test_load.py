"""Configuration files laid over each other, as Snakemake does it."""

import copy

import pytest
from helpers.shipped_config import SHIPPED
from snakemake.utils import update_config

from tms.config.load import laid_over


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"models": {"tiny": {"engine": "vllm"}, "new": {"base": "x", "gpus": {"train": 1}}}},
        {"harvest": 3, "data": {"root": {"a": 1}}, "engine": {"b": 2}},
        {"table": {"models": ["tiny"]}, "tms": {"weights": None}},
    ],
)
def test_as_snakemake_does_it(values):
    wanted, before = copy.deepcopy(SHIPPED), copy.deepcopy(SHIPPED)
    update_config(wanted, copy.deepcopy(values))
    assert laid_over(before, values) == wanted
    assert before == SHIPPED
