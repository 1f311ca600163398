"""What a method spent, added up by hand."""

import pytest

from tms.io import cost
from tms.io.errors import InputError
from tms.metrics.cost_table import cost_rows

SPENT = {
    "teacher/chain/seed0": cost.Cost(0, 0, 0, 20, 1000, 10.0),
    "sft/chain/seed0": cost.Cost(64, 5000, 0, 0, 0, 20.0),
    "harvest-tms-1/chain/seed0": cost.Cost(0, 0, 0, 6, 300, 3.0),
    "harvest-tms-2/chain/seed0": cost.Cost(0, 0, 0, 4, 200, 2.0),
    "student-tms/chain/seed0": cost.Cost(64, 4000, 4000, 0, 0, 15.0),
    "teacher/chain/seed1": cost.Cost(0, 0, 0, 20, 1000, 10.0),
    "sft/chain/seed1": cost.Cost(64, 5200, 0, 0, 0, 22.0),
}


@pytest.fixture
def costs(tmp_path):
    found = {label: str(tmp_path / f"{number}.json") for number, label in enumerate(SPENT)}
    for label, path in found.items():
        cost.write(tmp_path / path, SPENT[label])
    return found


def test_everything_that_a_method_depends_on(costs):
    assert [tuple(row.values())[2:] for row in cost_rows("m", "tms", costs)] == [
        ("teacher", "chain", 0, "0", "0", "0", "20", "1000", "10.0"),
        ("teacher", "chain", 1, "0", "0", "0", "20", "1000", "10.0"),
        ("sft", "chain", 0, "64", "5000", "0", "0", "0", "20.0"),
        ("sft", "chain", 1, "64", "5200", "0", "0", "0", "22.0"),
        ("harvest", "chain", 0, "0", "0", "0", "10", "500", "5.0"),
        ("student", "chain", 0, "64", "4000", "4000", "0", "0", "15.0"),
        (
            "total",
            "",
            "",
            "96",
            "7100",
            "2000",
            "25",
            "1250",
            "41.0",
        ),  # 192 steps, 14,200 and 2,500 tokens, 50 rollouts, 82 s; two seeds
    ]


def test_on_policy_training_stands_last_with_its_rollouts(tmp_path):
    spent = {
        "on_policy/chain/seed0": cost.Cost(8, 700, 0, 64, 900, 9.0),
        "teacher/chain/seed0": SPENT["teacher/chain/seed0"],
    }
    found = {label: str(tmp_path / f"{number}.json") for number, label in enumerate(spent)}
    for label, path in found.items():
        cost.write(tmp_path / path, spent[label])
    assert [(row["stage"], row["rollouts"]) for row in cost_rows("m", "grpo", found)] == [
        *[("teacher", "20"), ("on_policy", "64"), ("total", "84")]
    ]


def test_a_label_of_no_stage_is_named():
    with pytest.raises(InputError, match="cost 'rent/chain/seed0': write STAGE/TASK/seedN"):
        cost_rows("m", "tms", {"rent/chain/seed0": "cost.json"})


def test_what_several_runs_of_a_seed_need_counts_once(tmp_path):
    shared, own = str(tmp_path / "general.json"), str(tmp_path / "sft.json")
    cost.write(tmp_path / "general.json", cost.Cost(0, 0, 0, 512, 6000, 30.0))
    cost.write(tmp_path / "sft.json", cost.Cost(64, 5000, 0, 0, 0, 20.0))
    costs = {}
    for seed in (0, 1):
        for task in ("chain", "mini_countdown"):
            costs[f"general-random_words/{task}/seed{seed}"] = shared
            costs[f"sft/{task}/seed{seed}"] = str(own).replace("sft", f"sft-{task}-{seed}")
            cost.write(tmp_path / f"sft-{task}-{seed}.json", cost.Cost(64, 5000, 0, 0, 0, 20.0))
    rows = cost_rows("m", "replay", costs)
    total = rows[-1]
    assert (total["stage"], total["generated_tokens"], total["trained_tokens"], total["seconds"]) == (
        *("total", "6000", "10000", "70.0"),
    )
    general = [(row["train_task"], row["seed"]) for row in rows if row["stage"] == "general"]
    assert general == [("chain", 0), ("chain", 1)]
