"""Seeds and methods that a report can show, and the configuration with which it does."""

import copy

import pytest
import yaml
from helpers.paths import CONFIG

from tms.config import study
from tms.config.check import check
from tms.io.errors import InputError
from tms.units.views import View, view_config, views

SHIPPED = yaml.safe_load((CONFIG / "config.yaml").read_text())


@pytest.fixture
def written():
    config = copy.deepcopy(SHIPPED)
    config["models"]["tiny"] |= {"seeds": [0, 1], "experiments": ["main", "frontier", "averages"]}
    config["experiments"]["frontier"] = {"sft": ["sft", "sft_lr10"], "tms": ["tms", "tms_lr10"]}
    for name in ("sft", "sft_lr10", "tms", "tms_lr10"):
        config["methods"][name]["training"] = {"checkpoints": ["2of5"]}
    config["units"] = {"one": {"model": "tiny", "seed": 0, "methods": ["sft"]}}
    return config


def runs(*methods: str, seeds=(0,)):
    return {(method, seed) for method in methods for seed in seeds}


def test_all_seeds_where_every_method_has_them(written):
    config = study.expanded(written)
    assert views(config, "tiny", set()) == []
    assert views(config, "tiny", runs("sft", "tms", seeds=(0, 1))) == [View("tiny", (0, 1), ("sft", "tms"))]
    assert views(config, "tiny", runs("sft", seeds=(1,))) == [View("tiny", (1,), ("sft",))]


def test_one_view_for_each_number_of_seeds_and_that_with_most_runs_first(written):
    config = study.expanded(written)
    all_methods = View("tiny", (0,), ("sft", "grpo", "tms"))
    assert views(config, "tiny", runs("sft", "grpo", "tms") | {("sft", 1)}) == [
        all_methods,
        View("tiny", (0, 1), ("sft",)),
    ]
    both = runs("sft", "grpo", "tms") | runs("sft", "tms", seeds=(1,))
    assert views(config, "tiny", both) == [View("tiny", (0, 1), ("sft", "tms")), all_methods]


def test_methods_of_one_seed_do_not_push_two_seeds_of_sft_and_tms_aside(written):
    config = study.expanded(written)
    rivals = ("grpo", "reinforce", "trsft")
    found = views(config, "tiny", runs("sft", "tms", seeds=(0, 1)) | runs(*rivals))
    assert [(len(view.seeds), len(view.runs)) for view in found] == [(2, 4), (1, 5)]


def test_a_method_counts_only_with_what_it_harvests(written):
    config = study.expanded(written)
    (view,) = views(config, "tiny", runs("sft", "tms", "tms_lr10", "average_25"))
    assert view.methods == ("sft", "tms", "average_25")


def test_the_configuration_of_a_view_has_its_methods_and_their_experiments_alone(written):
    view = View("tiny", (0,), ("sft", "tms"))
    config = view_config(written, view)
    check(study.expanded(config), [])
    assert set(config["methods"]) == {"sft", "tms"} and set(config["models"]) == {"tiny"}
    assert study.model_methods(study.expanded(config), "tiny") == ["sft", "tms"]
    assert config["experiments"] == {
        "main": ["sft", "tms"],
        "frontier": {"sft": ["sft"], "tms": ["tms"]},
        "averages": ["sft", "tms"],
    }
    assert config["models"]["tiny"]["seeds"] == [0] and "units" not in config
    assert written["models"]["tiny"]["seeds"] == [0, 1] and "grpo" in written["models"]["tiny"]["methods"]


def test_a_frontier_whose_sides_are_uneven_waits(written):
    config = view_config(written, View("tiny", (0,), ("sft", "sft_lr10", "tms")))
    assert "frontier" not in config["experiments"]
    assert config["models"]["tiny"]["experiments"] == ["main", "averages"]
    check(study.expanded(config), [])


def test_averages_are_left_out_of_a_frontier_of_which_they_have_other_numbers_of_points(written):
    averages = ["average_25", "average_50", "average_75"]
    written["experiments"]["frontier"]["average"] = averages
    for name in ("sft", "sft_lr10", "tms", "tms_lr10"):
        written["methods"][name]["training"] = {"checkpoints": []}
    both = ("sft", "sft_lr10", "tms", "tms_lr10")
    config = view_config(written, View("tiny", (0,), (*both, *averages)))
    two = {"sft": ["sft", "sft_lr10"], "tms": ["tms", "tms_lr10"]}
    assert config["experiments"]["frontier"] == two
    check(study.expanded(config), [])
    even = View("tiny", (0,), (*both, *averages[:2]))
    assert view_config(written, even)["experiments"]["frontier"] == two | {"average": averages[:2]}


def test_a_frontier_of_one_point_a_side_waits(written):
    for name in ("sft", "tms"):
        written["methods"][name]["training"] = {"checkpoints": []}
    config = view_config(written, View("tiny", (0,), ("sft", "tms")))
    assert "frontier" not in config["experiments"]
    check(study.expanded(config), [])


def test_without_a_method_of_main_nothing_is_drawn(written):
    with pytest.raises(InputError, match=r"^models.tiny: no method of experiments.main is complete"):
        view_config(written, View("tiny", (0,), ("sft_lr10", "tms_lr10")))
