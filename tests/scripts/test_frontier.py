"""From grades of runs and their checkpoints to the cells of the frontier control and of the windows."""

import json

import numpy as np
import pytest
from helpers.simulated_grades import BASE, SUITE, TRADE, grades

from tms.experiments import cells
from tms.io import cost, parquet
from tms.metrics.per_example import HALVES
from tms.metrics.summary import summarise

SEEDS = 2
METHODS = {"sft": ["1of5", "1of2"], "tms": ["1of5", "1of2"], "tms_early": ["1of2"]}
SIDES = {"sft": "sft", "tms": "tms"}
EMPTY = {"sample": 0, "extracted": "", "also": "{}", "finish_reason": "stop", "reason": ""}


def lines(own, checkpoint=""):
    return [
        EMPTY | {"example_id": name, "benchmark": benchmark, "checkpoint": checkpoint, "grade": value}
        for benchmark, items in own.items()
        for name, value in zip(items.examples, items.sums_N, strict=True)
    ]


def fill(folder):
    """Write the grades of theta_0 and of each run; returns them by point."""
    names = [(method, point) for method, own in METHODS.items() for point in [*own, ""]]
    models = [BASE, *TRADE[1:4], *TRADE[1:4], TRADE[1], TRADE[3]]
    base, *runs = grades(np.random.default_rng(8), models, 300, SEEDS)
    points = dict(zip(names, runs, strict=True))
    parquet.write(folder / "base.parquet", parquet.GRADES, lines(base["chain", 0]), {})
    kept = {point: {"changed": share, "surviving": share / 2} for point, share in MOVED.items()}
    (folder / "updates.json").write_text(json.dumps(kept))
    cost.write(folder / "train.json", cost.Cost(optimizer_steps=10, trained_tokens=100, seconds=3.0))
    cost.write(folder / "two.json", cost.Cost(optimizer_steps=20, generated_tokens=50, seconds=4.0))
    for method, own in METHODS.items():
        for run in points[method, ""]:
            place = folder / method / f"{run[0]}/seed{run[1]}"
            parquet.write(place / "grades.parquet", parquet.GRADES, lines(points[method, ""][run]), {})
            found = [line for point in own for line in lines(points[method, point][run], point)]
            parquet.write(place / "points/grades.parquet", parquet.GRADES, found, {})
    return base["chain", 0], points


def flags(*parts, seeds=SEEDS):
    def files(name):
        runs = [f"{method}/chain/seed{seed}" for method in METHODS for seed in range(seeds)]
        return [f"{run}={run}/{name}" for run in runs]

    words = ["--model", "m", "--targets", *SUITE.targets, "--retention", *SUITE.retention]
    words += ["--base-grades", "base.parquet", "--grades", *files("grades.parquet")]
    words += ["--point-grades", *files("points/grades.parquet"), "--output", "cells.parquet"]
    return [*words, *parts]


CONTROL = ["--sides", "sft=sft", "tms=tms", "--reference", "0", "-0.3"]
MOVED = {"1of5": 0.1, "1of2": 0.2, "1of1": 0.4}
COSTS = ["--costs", *(f"sft/sft/chain/seed{seed}=train.json" for seed in range(SEEDS))]
COSTS += [
    f"tms/{stage}/chain/seed0={file}.json" for stage, file in (("sft", "train"), ("student-tms", "two"))
]
UPDATES = ["--updates", *(f"sft/chain/seed{seed}=updates.json" for seed in range(SEEDS))]
WINDOWS = ["--windows", "tms_early", "tms", "--uniform", "tms"]


@pytest.fixture(scope="module")
def finished(run_program, tmp_path_factory):
    """Folder of a finished comparison, and the grades behind it."""
    folder = tmp_path_factory.mktemp("finished")
    base, points = fill(folder)
    done = run_program(folder, "frontier", *flags(*CONTROL, *UPDATES, *COSTS, *WINDOWS))
    assert done.returncode == 0, done.stderr
    return folder, base, points


def test_what_rounding_kept_at_each_point(finished):
    found = cells.read([finished[0] / "cells.parquet"])
    for point, share in MOVED.items():
        where = {"method": "sft", "group": "sft", "checkpoint": "" if point == "1of1" else point}
        (changed,) = cells.select(found, quantity="update.changed", **where)
        (kept,) = cells.select(found, quantity="update.surviving", **where)
        assert (changed["value"], kept["value"]) == (share, share / 2)
    assert not cells.select(found, quantity="update.changed", method="tms")


def test_points_of_both_sides(finished):
    folder, base, points = finished
    found = cells.read([folder / "cells.parquet"])
    own = {point: runs for point, runs in points.items() if point[0] in SIDES}
    for half in HALVES:
        expected = summarise(base, own, SUITE, half=half, transfer=False)[""]
        for point, summary in expected.items():
            method, checkpoint = ("base", "") if point == "base" else point
            for quantity in ("target_mean", "forgetting"):
                values_SD, sizes = summary.draws_SD[quantity], summary.sizes(quantity)
                (one,) = cells.select(
                    found, method=method, checkpoint=checkpoint, quantity=quantity, prompts=half
                )
                assert one["value"] == pytest.approx(values_SD[:, 0].mean())
                assert one["group"] == SIDES.get(method, "base")
                assert (one["n"], one["seeds"]) == (sizes["n"], None if method == "base" else SEEDS)
                assert one["ci_low"] <= one["ci_high"]
                assert method == "base" or one["seeds_low"] <= one["seeds_high"]
                assert one["p_value"] is None
                assert one["note"].startswith("selected") or not one["note"]


def test_areas_and_their_difference(finished):
    found = cells.read([finished[0] / "cells.parquet"])
    (difference,) = cells.select(found, quantity="area_difference")
    sft, tms = (
        cells.select(found, quantity="area", method=side, prompts="test")[0] for side in ("sft", "tms")
    )
    assert difference["value"] == pytest.approx(tms["value"] - sft["value"])
    assert (difference["ci_low"] > 0 or difference["ci_high"] < 0) == (difference["p_value"] < 0.05)
    assert difference["mark"] == ("tied" if difference["p_value"] >= 0.05 else "")
    for area in (sft, tms):
        selected = cells.select(found, quantity="target_mean", group=area["group"], prompts="validation")
        own = sum(one["note"] == "selected" for one in selected)
        (base,) = cells.select(found, method="base", quantity="target_mean", prompts="validation")
        own += base["note"] in ("selected", f"selected: {area['group']}")
        assert area["note"].startswith(
            f"{own} of 4 points selected (3 and theta_0), from target 0, forgetting -0.3"
        )


def test_costs_of_methods_and_of_sides_whose_shared_runs_count_once(finished):
    found = cells.read([finished[0] / "cells.parquet"])

    def value(quantity, method):
        (one,) = cells.select(found, quantity=quantity, method=method)
        assert one["group"] == method and one["checkpoint"] == ""
        return one["value"]

    # One file for both seeds of SFT: a method counts it for each, a side once.
    assert [value("cost.optimizer_steps", name) for name in ("sft", "tms")] == [10, 30]
    assert [value("side_cost.optimizer_steps", name) for name in ("sft", "tms")] == [10, 30]
    assert [value("cost.seconds", name) for name in ("sft", "tms")] == [3, 7]
    assert value("cost.generated_tokens", "tms") == 50


def test_a_choice_for_each_tolerance(finished):
    found = cells.read([finished[0] / "cells.parquet"])
    chosen = cells.select(found, quantity="chosen.share", mark="best")
    assert [one["x"] for one in chosen] == [0.005, 0.01, 0.02, 0.05]
    for one in chosen:
        where = {"method": one["method"], "checkpoint": one["checkpoint"], "prompts": "validation"}
        (forgotten,) = cells.select(found, quantity="forgetting", **where)
        assert forgotten["value"] >= -one["x"] - 1e-9 and forgotten["group"] == one["group"]
        shares = [cell["value"] for cell in cells.select(found, quantity="chosen.share", x=one["x"])]
        assert len(shares) == 3 and sum(shares) == pytest.approx(1)


def test_windows_at_one_accuracy(finished):
    folder, base, points = finished
    found = cells.select(cells.read([folder / "cells.parquet"]), group="windows")
    own = {
        name: runs for name, runs in points.items() if name[0] in ("tms_early", "tms") and name[1] != "1of5"
    }
    expected = summarise(base, own, SUITE, transfer=False)[""].values()
    target = np.array([summary.value("target_mean") for summary in expected])
    forgetting = np.array([summary.value("forgetting") for summary in expected])
    curves = {method: [0, *(1 + list(own).index((method, p)) for p in ("1of2", ""))] for method, _ in own}
    accuracy = min(max(target[curve]) for curve in curves.values())
    matched = {}
    for method, curve in curves.items():
        (one,) = cells.select(found, method=method, quantity="forgetting_matched")
        assert one["x"] == pytest.approx(accuracy)
        assert list(target[curve]) == sorted(target[curve])  # else np.interp is not the reference
        assert one["value"] == pytest.approx(np.interp(accuracy, target[curve], forgetting[curve]))
        assert one["note"].startswith("along theta_0, 1of2, end")
        matched[method] = one["value"]
    (difference,) = cells.select(found, quantity="forgetting_matched.versus_uniform")
    assert difference["method"] == "tms_early" and 0 < difference["p_value"] <= 1
    assert difference["value"] == pytest.approx(matched["tms_early"] - matched["tms"])
    assert len(found) == 2 * (2 + 1)


def test_each_part_alone_and_the_same_bytes(finished, program, tmp_path):
    fill(tmp_path)
    whole = cells.read([finished[0] / "cells.parquet"])
    for words, windows in (([*CONTROL, *UPDATES, *COSTS], False), (WINDOWS, True)):
        assert program("frontier", *flags(*words)).returncode == 0
        own = [cell for cell in whole if (cell["group"] == "windows") == windows]
        assert cells.read([tmp_path / "cells.parquet"]) == own


@pytest.mark.parametrize(
    "words, said",
    [
        (
            ["--sides", "sft=sft", "tms=tms", "tms_early=tms", *CONTROL[3:]],
            "experiments.frontier: points of its sides: sft 3, tms 5",
        ),
        (CONTROL[:3], "--reference"),
        (["--windows", "tms_late"], "--grades: no run of tms_late"),
    ],
)
def test_what_cannot_be_compared_is_one_line(program, tmp_path, words, said):
    fill(tmp_path)
    done = program("frontier", *flags(*words))
    assert done.returncode == 2
    assert said in done.stderr and done.stderr.count("\n") == 1
