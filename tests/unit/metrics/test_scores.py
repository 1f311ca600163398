"""Target, transfer, retention and forgetting against hand-computed numbers and the paper's own table."""

import csv
import math

import pytest
from helpers.paths import PAPER
from hypothesis import given
from hypothesis import strategies as st

from tms.config.suite import Suite
from tms.io.errors import InputError
from tms.metrics.scores import (
    TIDY,
    by_run,
    decimal,
    forgetting,
    forgetting_floor,
    mean,
    over_runs,
    parse_run,
    quantities,
    read_csv,
    read_scores,
    summary,
    tidy,
    tidy_also,
)

TABLE9 = PAPER / "table9.csv"
RETENTION = ["facts", "refusal"]
SUITE = Suite(["countdown", "chain"], RETENTION)


def scores(**values):
    return {
        name: {"metric": "accuracy", "score": value, "n": 100, "ci_low": 0.0, "ci_high": 1.0}
        for name, value in values.items()
    }


BASE = scores(countdown=0.4, chain=0.3, facts=1.0, refusal=0.8)
RUNS = {
    ("countdown", 0): scores(countdown=0.6, chain=0.2, facts=0.9, refusal=0.9),
    ("countdown", 1): scores(countdown=0.8, chain=0.1, facts=0.7, refusal=0.8),
    ("chain", 0): scores(countdown=0.3, chain=0.9, facts=1.0, refusal=0.4),
    ("chain", 1): scores(countdown=0.5, chain=0.7, facts=0.8, refusal=0.6),
}


def test_the_table_by_hand():
    found = summary(tidy("m", "tms", BASE, RUNS, SUITE), SUITE)
    assert found["base"] == {
        "countdown": 0.4,
        "chain": 0.3,
        "facts": 1.0,
        "refusal": 0.8,
        "xfer": None,
        "forgetting": 0.0,
    }
    # Forgetting of each run: (-.1 + 0)/2, (-.3 + 0)/2, (0 - .4)/2, (-.2 - .2)/2; a gain cancels no loss.
    assert found["method"] == pytest.approx(
        {
            "countdown": 0.7,
            "chain": 0.8,
            "facts": 0.85,
            "refusal": 0.675,
            "xfer": (-0.1 - 0.2 - 0.1 + 0.1) / 4,
            "forgetting": (-0.05 - 0.15 - 0.2 - 0.2) / 4,
        }
    )
    assert found["delta"] == pytest.approx(
        {
            "countdown": 0.3,
            "chain": 0.5,
            "facts": -0.15,
            "refusal": -0.125,
            "xfer": -0.075,
            "forgetting": -0.15,
        }
    )


def test_tidy_rows_name_each_benchmarks_group():
    rows = tidy("m", "tms", BASE, RUNS, SUITE)
    assert len(rows) == 4 * 4
    groups = {(row["train_task"], row["benchmark"]): row["group"] for row in rows}
    assert groups["chain", "chain"] == groups["countdown", "countdown"] == "target"
    assert groups["chain", "countdown"] == groups["countdown", "chain"] == "transfer"
    assert groups["chain", "facts"] == "retention"
    assert rows[0]["delta"] == pytest.approx(0.2)


def test_a_suite_of_one_target_has_no_transfer():
    rows = tidy("m", "tms", BASE, {("chain", 0): RUNS["chain", 0]}, Suite(["chain"], RETENTION))
    assert summary(rows, Suite(["chain"], RETENTION))["method"]["xfer"] is None


def test_what_is_said_of_the_runs_on_one_task():
    rows = [row for row in tidy("m", "tms", BASE, RUNS, SUITE) if row["train_task"] == "countdown"]
    found = quantities(rows, SUITE)
    assert found["countdown"] == pytest.approx(0.7)
    assert found["chain"] == pytest.approx(0.15)  # a transfer: no run on it here
    assert found["xfer"] == pytest.approx(-0.15)
    assert found["retention_mean"] == pytest.approx((0.8 + 0.85) / 2)
    assert found["retention_delta"] == pytest.approx((-0.2 + 0.05) / 2)
    assert found["forgetting"] == pytest.approx((-0.05 - 0.15) / 2)
    whole = quantities(tidy("m", "tms", BASE, RUNS, SUITE), SUITE)
    assert whole["target_mean"] == pytest.approx((0.7 + 0.8) / 2)
    assert whole["retention_delta"] == pytest.approx((-0.15 - 0.125) / 2)


def test_a_target_without_a_run_is_named():
    rows = tidy("m", "tms", BASE, {("chain", 0): RUNS["chain", 0]}, SUITE)
    with pytest.raises(InputError, match="no run trained on countdown"):
        summary(rows, SUITE)


def test_a_task_with_more_seeds_weighs_no_more():
    assert over_runs({("a", 0): 1.0, ("a", 1): 3.0, ("b", 0): 6.0}) == 4.0


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=9))
def test_forgetting_is_never_positive_and_never_above_the_mean_delta(deltas):
    assert forgetting(deltas) <= 0
    assert forgetting(deltas) <= mean(deltas) + 1e-12


def test_forgetting_on_the_floor_where_nothing_changes():
    """Monte Carlo: both models answer with probability 0.8, each on 200 examples of its own."""
    import numpy as np

    draws = np.random.default_rng(0).binomial(200, 0.8, size=(20_000, 2)) / 200
    simulated = np.minimum(draws[:, 0] - draws[:, 1], 0).mean()
    assert forgetting_floor([(0.8, 0.8, 200)]) == pytest.approx(simulated, rel=0.03)
    assert forgetting_floor([(0.8, 0.8, 200)]) == pytest.approx(-math.sqrt(0.32 / 200) * 0.39894, rel=1e-4)
    assert forgetting_floor([(1.0, 1.0, 150)]) == 0


@pytest.mark.parametrize(
    "value, text", [(None, ""), (-0.00004, "0.0000"), (0.0, "0.0000"), (-0.1, "-0.1000"), (1 / 3, "0.3333")]
)
def test_numbers_are_printed_with_fixed_decimals(value, text):
    assert decimal(value, 4) == text


def test_run_labels():
    assert parse_run("mini_countdown/seed12") == ("mini_countdown", 12)
    for wrong in ("chain", "chain/seed", "/seed0", "chain/seedx"):
        with pytest.raises(InputError, match="task/seedN"):
            parse_run(wrong)


def test_files_that_cannot_be_read_are_named(tmp_path):
    (tmp_path / "broken.json").write_text('{"chain": ')
    (tmp_path / "partial.json").write_text("{}")
    (tmp_path / "empty.csv").write_text("row\n")
    for name in ("missing.json", "broken.json", "partial.json"):
        with pytest.raises(InputError, match=name):
            read_scores(tmp_path / name, ["chain"])
    for name in ("missing.csv", "empty.csv"):
        with pytest.raises(InputError, match=name):
            read_csv(tmp_path / name, ["row"])


def test_other_metrics_of_the_same_rows_are_in_no_average():
    suite = Suite(["math"], ["hotpotqa"])
    em = {"em": {"score": 0.25, "n": 100, "ci_low": 0.2, "ci_high": 0.3}}
    base, run = scores(math=0.4, hotpotqa=0.5), scores(math=0.6, hotpotqa=0.7)
    base["hotpotqa"]["also"] = {"em": em["em"] | {"score": 0.5}}
    run["hotpotqa"]["also"] = em
    (line,) = tidy_also("m", "tms", base, {("math", 0): run}, suite)
    assert list(line) == TIDY[:-1]
    assert (line["benchmark"], line["group"], line["metric"]) == ("hotpotqa", "also", "em")
    assert (line["score"], line["base_score"], line["delta"]) == (0.25, 0.5, -0.25)


# The paper's grid: six targets, three retention benchmarks (in percent).
def test_views_safety_and_reported_benchmarks_by_hand():
    """MATH-500's column comes from the MATH runs, it is transfer for others; F_ext adds the safety sets."""
    suite = Suite(["math", "gsm8k"], ["arc"], {"math500": "math"}, ["wildguard"], ["subjects"])
    base = scores(math=0.4, gsm8k=0.5, math500=0.3, arc=0.8, wildguard=0.9, subjects=0.5)
    runs = {
        ("math", 0): scores(math=0.6, gsm8k=0.4, math500=0.5, arc=0.7, wildguard=0.6, subjects=0.1),
        ("gsm8k", 0): scores(math=0.5, gsm8k=0.7, math500=0.7, arc=0.9, wildguard=0.8, subjects=0.3),
    }
    found = summary(tidy("m", "tms", base, runs, suite), suite)
    assert list(found["method"]) == [
        *["math", "gsm8k", "math500", "xfer", "arc", "wildguard", "forgetting", "forgetting_ext", "subjects"]
    ]
    method = found["method"]
    assert method["math500"] == 0.5
    # the math run's only transfer is gsm8k; the gsm8k run's are math and math500
    assert method["xfer"] == pytest.approx((-0.1 + (0.1 + 0.4) / 2) / 2)
    assert method["forgetting"] == pytest.approx((-0.1 + 0) / 2)
    assert method["forgetting_ext"] == pytest.approx(((-0.1 - 0.3) / 2 + (0 - 0.1) / 2) / 2)
    assert method["subjects"] == pytest.approx(0.2)
    assert method["wildguard"] == pytest.approx(0.7)


PAPER_TARGETS = ["math500", "math", "gsm8k", "countdown", "ifeval", "mmlu"]
PAPER_RETENTION = ["arc_c", "hotpotqa", "safetybench"]
PAPER_SUITE = Suite(PAPER_TARGETS, PAPER_RETENTION)


@pytest.fixture(scope="module")
def grid():
    with TABLE9.open(newline="") as stream:
        return list(csv.DictReader(stream))


def of_paper(line):
    return scores(**{name: float(line[name]) for name in PAPER_TARGETS + PAPER_RETENTION})


def test_deltas_of_the_papers_own_rows(grid):
    """One run a target, all with the scores of the printed row: our deltas must be the printed ones."""
    base, compared, off = {}, 0, []
    for line in grid:
        if line["method"] == "base":
            base = of_paper(line)
            continue
        runs = {(task, 0): of_paper(line) for task in PAPER_TARGETS}
        cells = tidy(line["model"], line["method"], base, runs, PAPER_SUITE)
        delta = summary(cells, PAPER_SUITE)["delta"]
        for name in PAPER_RETENTION:
            compared += 1
            if abs(delta[name] - float(line[f"{name}_delta"])) > 0.05:
                off.append((line["model"], line["method"], name))
        printed = [float(line[f"{name}_delta"]) for name in PAPER_RETENTION]
        assert delta["forgetting"] == pytest.approx(sum(min(value, 0) for value in printed) / 3, abs=0.07)
    assert compared == 5 * 6 * 3
    # Two printed deltas disagree with their own row by 0.1 (the table's README names them).
    assert off == [("qwen1.5b", "grpo", "safetybench"), ("qwen1.5b", "tms", "arc_c")]


def test_the_papers_signs(grid):
    """Transfer and forgetting are signed as the CSV has them: negative is worse."""
    for line in grid:
        if line["method"] != "base":
            assert float(line["xfer"]) < 0
    base, sft = of_paper(grid[0]), of_paper(grid[1])
    cells = tidy("qwen1.5b", "sft", base, {("math", 0): sft}, Suite(["math"], PAPER_RETENTION))
    assert by_run(cells, ["retention"], forgetting)["math", 0] == pytest.approx((-24.6 - 23.7 - 3.7) / 3)
