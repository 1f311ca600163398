"""Targets name models and methods that the configuration has."""

import pytest
from helpers.shipped_config import SHIPPED

from tms.config.requested import asked_models, asked_runs
from tms.io.errors import InputError

CONFIG = {
    "models": {"tiny": {}, "big": {}, "huge": {"experiments": ["main", "alpha"]}},
    "methods": {
        "sft": {"kind": "sft"},
        "tms": {"kind": "tms"},
        "tms_alpha50": {"kind": "tms"},
        "own": {"kind": "tms"},
    },
    "tms": {"trajectory": "sft"},
    "tasks": {},
    "experiments": {"main": ["sft", "tms"], "alpha": ["tms", "tms_alpha50"]},
    "table": {"models": ["big", "huge"]},
}


def test_models_of_targets():
    assert asked_models([], CONFIG) == []
    assert asked_models(["results/tiny/tms/table.csv", "results/tiny/table.csv"], CONFIG) == ["tiny"]
    assert asked_models(["results/tiny/base/scores.json"], CONFIG) == ["tiny"]
    assert asked_models(["results/tiny/own/table.csv", "results/tiny/cells/main.parquet"], CONFIG) == ["tiny"]
    assert asked_models(["results/huge/tms_alpha50/table.csv", "results/tiny/report.html"], CONFIG) == [
        "huge",
        "tiny",
    ]
    for target in ("results/table.csv", "results/compare.csv", "results/tables/all"):
        assert asked_models([target], CONFIG) == ["big", "huge"]
    assert asked_models(["results/figures/tiny"], CONFIG) == ["tiny"]


def test_methods_of_targets():
    assert asked_runs([], CONFIG) == {}
    assert asked_runs(["results/tiny/base/scores.json"], CONFIG) == {"tiny": []}
    assert asked_runs(["results/tiny/own/table.csv"], CONFIG) == {"tiny": ["sft", "own"]}
    assert asked_runs(["results/tiny/table.csv"], CONFIG) == {"tiny": ["sft", "tms"]}
    assert asked_runs(["results/table.csv"], CONFIG) == {
        "big": ["sft", "tms"],
        "huge": ["sft", "tms", "tms_alpha50"],
    }
    assert asked_runs(["results/huge/sft/table.csv", "results/tiny/report.html"], CONFIG) == {
        "huge": ["sft"],
        "tiny": ["sft", "tms"],
    }


def test_a_method_of_an_experiment_that_the_model_lacks():
    with pytest.raises(InputError, match=r"add the experiment alpha to models\.tiny\.experiments"):
        asked_models(["results/tiny/tms_alpha50/table.csv"], CONFIG)


def test_a_method_that_takes_no_tools():
    words = (
        r"models\.qwen7b_tools have tools, which the method 'trapo' does not take; those that do: sft, .*tms"
    )
    with pytest.raises(InputError, match=words):
        asked_models(["results/qwen7b_tools/trapo/table.csv"], SHIPPED)


def test_cells_of_an_experiment_that_the_model_lacks():
    with pytest.raises(InputError, match=r"'alpha'; add it to models\.tiny\.experiments"):
        asked_models(["results/tiny/cells/alpha.parquet"], CONFIG)
    assert asked_models(
        ["results/huge/cells/alpha.parquet", "results/tiny/cells/theorem61.parquet"], CONFIG
    ) == [*("huge", "tiny")]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("results/tinny/tms/table.csv", ["no model 'tinny'", "did you mean tiny"]),
        (
            "results/tiny/tms_late/table.csv",
            ["no method 'tms_late'", "it has sft, tms, tms_alpha50, own", "--configfile"],
        ),
        ("results/x/table.csv", ["no model 'x'", "it has tiny, big, huge"]),
        ("results/tiny/tms/chain/seed4294967296/plan.parquet", ["the seed as a number from 0 to 4294967295"]),
        ("results/tiny/tms/chain/seed007/plan.parquet", ["without leading zeros"]),
    ],
)
def test_an_unknown_name_is_one_line(target, words):
    with pytest.raises(InputError) as error:
        asked_models([target], CONFIG)
    assert all(word in str(error.value) for word in [target, *words])
