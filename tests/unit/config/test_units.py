"""Units of a study, from its configuration."""

import copy

import pytest
from helpers.shipped_config import SHIPPED

from tms.config.check import check
from tms.config.units import unit_named, units
from tms.io.errors import InputError


@pytest.fixture
def config():
    config = copy.deepcopy(SHIPPED)
    config["models"]["tiny"] |= {"seeds": [0, 3], "experiments": ["main", "frontier", "averages"]}
    config["units"] = {
        "low": {"model": "tiny", "seed": 3, "methods": ["tms_lr10"]},
        "averages": {"model": "tiny", "seed": 0, "methods": ["average_25", "average_50"]},
    }
    return config


def test_a_unit_has_the_methods_that_its_own_harvest_or_average(config):
    check(config, [])
    low, averages = units(config)
    assert low.methods == ("sft_lr10", "tms_lr10")
    assert low.runs == [("sft_lr10", 3), ("tms_lr10", 3)]
    assert averages.methods == ("sft", "average_25", "average_50")
    assert unit_named(config, "averages") == averages


def test_every_wrong_name_and_seed_is_a_fault(config):
    config["units"] = {
        "one": {"model": "tny", "seed": 0, "methods": ["sft"]},
        "two": {"model": "tiny", "seed": 1, "methods": ["tsm"]},
        "base": {"model": "tiny", "seed": 0, "methods": ["sft"]},
    }
    with pytest.raises(InputError) as error:
        check(config, [])
    lines = str(error.value).splitlines()
    assert [line for line in lines if "units.one.model" in line and "did you mean tiny?" in line]
    assert [line for line in lines if "units.two.methods" in line and "did you mean tms?" in line]
    assert "config: units.two.seed: 1 is none of models.tiny.seeds; add it there" in lines
    assert [line for line in lines if line.startswith("config: units.base: names are folders")]
    assert len(lines) == 4


def test_a_study_without_units_and_an_unknown_unit_are_one_line(config):
    with pytest.raises(InputError, match=r"^config: UNIT: unknown name 'lo'; did you mean low\?$"):
        unit_named(config, "lo")
    del config["units"]
    with pytest.raises(InputError, match=r"^config: units is missing"):
        units(config)
