"""The plan as a program: same flags, same plan; wrong flags, one line."""

import pytest

from tms.io import parquet

FLAGS = {
    "--references": "references.parquet",
    "--heldout-references": "heldout.parquet",
    "--alpha": "0.25",
    "--points": "1of2 1of1",
    "--weights": "0.5 0.5",
    "--epochs": "2",
    "--effective-batch": "8",
    "--seed": "0",
    "--output": "plan.parquet",
}


@pytest.fixture
def plan_mixture(program, tmp_path):
    """Run the program on 40 training and 10 held-out prompts."""
    for name, split, count in (("references", "train", 40), ("heldout", "heldout", 10)):
        lines = [
            {"example_id": f"{split}-{i}", "prompt": "p", "completion": "c", "answer": "a"}
            for i in range(count)
        ]
        parquet.write(tmp_path / f"{name}.parquet", parquet.REFERENCES, lines, {})

    def run(**changes):
        flags = FLAGS | {f"--{name.replace('_', '-')}": value for name, value in changes.items()}
        return program(
            "plan_mixture", *[word for flag, value in flags.items() for word in [flag, *value.split()]]
        )

    return run


def test_every_visit_is_planned(plan_mixture, tmp_path):
    done = plan_mixture()
    assert done.returncode == 0, done.stderr
    plan = parquet.read(tmp_path / "plan.parquet", parquet.PLAN)
    train = [row for row in plan if row["split"] == "train"]
    assert [row["position"] for row in train] == list(range(80))
    assert sorted(row["example_id"] for row in train) == sorted(2 * [f"train-{i}" for i in range(40)])
    assert {row["checkpoint"] for row in plan} == {"", "1of2", "1of1"}
    assert [row["example_id"] for row in plan[80:]] == [f"heldout-{i}" for i in range(10)]
    assert "plan: 80 visits of 40 prompts" in done.stdout
    facts = parquet.provenance(tmp_path / "plan.parquet")
    assert (facts["alpha"], facts["points"], facts["seed"]) == (0.25, ["1of2", "1of1"], 0)


def test_a_long_run_visits_prompts_until_its_last_step(plan_mixture, tmp_path):
    assert plan_mixture(max_steps="23").returncode == 0
    train = [row for row in parquet.read(tmp_path / "plan.parquet", parquet.PLAN) if row["split"] == "train"]
    assert len(train) == 23 * 8
    assert [row["epoch"] for row in train] == [position // 40 for position in range(184)]


def test_the_same_flags_give_the_same_plan(plan_mixture, tmp_path):
    plan_mixture()
    plan_mixture(output="again.parquet")
    assert parquet.read(tmp_path / "again.parquet", parquet.PLAN) == parquet.read(
        tmp_path / "plan.parquet", parquet.PLAN
    )


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"alpha": "1.25"}, "error: tms.alpha: 1.25 is not a probability"),
        ({"points": "1of2 2of2"}, "error: checkpoint '2of2': write a reduced fraction"),
        ({"references": "gone.parquet"}, "error: gone.parquet: no such file"),
    ],
)
def test_wrong_settings_are_one_line(plan_mixture, changes, message):
    done = plan_mixture(**changes)
    assert done.returncode == 2
    assert done.stderr.startswith(message)
    assert len(done.stderr.splitlines()) == 1
