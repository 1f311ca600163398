"""What each experiment is compared with, and the files behind its cells."""

import copy

import pytest
from helpers.shipped_config import SHIPPED

from tms.config.stages import experiments, frontier
from tms.io.errors import InputError


@pytest.fixture
def config():
    return copy.deepcopy(SHIPPED)


def test_baselines():
    assert experiments.baselines(SHIPPED, "tiny", "main") == ["sft", "tms", "trsft"]
    assert experiments.baselines(SHIPPED, "tiny", "windows") == ["sft", "tms"]
    # RQ4: the mixture without the teacher beside self-distillation.
    assert experiments.baselines(SHIPPED, "tiny", "mixture") == ["sft", "tms", "self_sft", "final_sft"]


def test_a_model_is_compared_with_its_own_methods_alone(config):
    config["models"]["tiny"]["experiments"] = ["main"]
    config["experiments"] = {"main": ["sft", "self_sft", "tms"]}
    assert experiments.baselines(config, "tiny", "main") == ["sft", "tms"]
    config["experiments"]["main"] = ["sft", "self_sft"]
    config["experiments"]["other"] = [name for name in config["methods"] if name not in ("sft", "self_sft")]
    assert experiments.baselines(config, "tiny", "main") == ["sft"]
    assert list(experiments.summarise_files(config, "tiny", "main")) == [
        *(
            "sft/mini_countdown/seed0",
            "sft/chain/seed0",
            "self_sft/mini_countdown/seed0",
            "self_sft/chain/seed0",
        )
    ]
    config["experiments"]["main"] = ["self_sft"]
    config["models"]["tiny"]["experiments"] = ["main"]
    config["experiments"]["other"].append("sft")
    config["methods"]["self_sft"]["tms"] = {"trajectory": "sft_lr30"}
    assert experiments.baselines(config, "tiny", "main") == ["self_sft"]


def test_what_a_sweep_varies():
    assert experiments.swept_values(SHIPPED, "tiny", "alpha") == [
        *("tms_alpha0=0.0", "tms=0.25", "tms_alpha50=0.5", "tms_alpha75=0.75", "sft=1.0")
    ]
    assert experiments.swept_values(SHIPPED, "tiny", "checkpoints") == [
        *("tms_t2=2", "tms_t4=4", "tms_t6=6", "tms_t8=8", "tms=10", "tms_t12=12")
    ]
    assert experiments.swept_values(SHIPPED, "tiny", "main") is None
    shown = copy.deepcopy(SHIPPED)
    shown["models"]["tiny"]["experiments"].append("averages")
    assert experiments.swept_values(shown, "tiny", "averages") == [
        *("sft=1.0", "average_25=0.25", "average_50=0.5", "average_75=0.75")
    ]


def test_summarise_reads_the_baselines_too(config):
    config["experiments"]["windows"] = ["tms_early"]
    runs = [
        f"{method}/{task}/seed0=results/tiny/{method}/{task}/seed0/grades.parquet"
        for method in ("tms_early", "sft", "tms")
        for task in ("mini_countdown", "chain")
    ]
    drifts = [f"{method}=results/tiny/{method}/drift.csv" for method in ("tms_early", "sft", "tms")]
    assert experiments.summarise_flags(config, "tiny", "windows") == (
        "--experiment windows --model tiny --targets mini_countdown chain --retention facts lookup refusal "
        f"--methods tms_early --baselines sft tms --grades {' '.join(runs)} --drifts {' '.join(drifts)} "
        f"--updates {' '.join(runs[:2]).replace('grades.parquet', 'updates.json')} "
        f"--health {' '.join(runs[:2]).replace('grades.parquet', 'health.json')} "
        f"--costs {' '.join(drifts).replace('drift.csv', 'cost.csv')}"
    )


def test_an_experiment_that_the_model_lacks():
    with pytest.raises(InputError, match=r"models\.qwen7b\.experiments: no alpha there; .* one of main$"):
        experiments.summarise_flags(SHIPPED, "qwen7b", "alpha")
    with pytest.raises(InputError, match=r"models\.qwen7b\.experiments: neither frontier nor windows"):
        frontier.frontier_flags(SHIPPED, "qwen7b")


def test_correlations_know_kinds_and_recipes():
    words = experiments.correlations_flags(SHIPPED, "tiny").split()
    kinds = words[words.index("--kinds") + 1 : words.index("--recipes")]
    recipes = words[words.index("--recipes") + 1 : words.index("--cells")]
    assert {"tms_trsft=tms", "trsft=trsft", "iterative_sft=iterative_sft"} <= set(kinds)
    # Variants of a mixture are one recipe.
    assert {"tms_early=tms", "tms_t12=tms", "tms_alpha0=tms_alpha0", "tms_final=tms_final"} <= set(recipes)
    assert words[words.index("--cells") + 1 :] == [
        f"results/tiny/cells/{name}.parquet"
        for name in ("main", "mixture", "windows", "checkpoints", "alpha")
    ]


def test_long_runs():
    files = ["drift.json", "train.cost.json", "points/grades.parquet", "grades.parquet"]
    listed = [
        " ".join(
            f"{method}/chain/seed0=results/tiny/{method}/chain/seed0/{name}"
            for method in ("sft_long", "tms_long")
        )
        for name in files
    ]
    assert experiments.mismatch_flags(SHIPPED, "tiny") == (
        f"--model tiny --retention facts lookup refusal --drifts {listed[0]} --costs {listed[1]} "
        f"--points {listed[2]} --grades {listed[3]}"
    )
    assert len(experiments.mismatch_files(SHIPPED, "tiny")) == 8


def test_diversity_and_the_bound():
    flags = experiments.diversity_flags(SHIPPED, "tiny")
    assert flags.startswith(
        "--model tiny --k 100 --graders mini_countdown=countdown chain=chain "
        "--samples base=results/tiny/base/diversity/grades.parquet "
        "sft/mini_countdown/seed0=results/tiny/sft/mini_countdown/seed0/diversity/grades.parquet "
    )
    flags = experiments.theorem61_flags(SHIPPED, "tiny")
    assert flags.endswith(
        " --graders mini_countdown=countdown chain=chain facts=facts lookup=lookup refusal=refusal"
    )


def test_theorem_6_1_leaves_out_what_a_judge_or_nobody_scores(config):
    config["tasks"]["chain"] |= {"grader": "judge", "judge": "agree"}
    flags = experiments.theorem61_flags(config, "tiny")
    assert " --graders mini_countdown=countdown facts=facts lookup=lookup refusal=refusal" in flags
    assert flags.endswith(" --unscored chain")


def test_only_on_policy_runs_have_curves(config):
    assert experiments.on_policy_methods(SHIPPED, "tiny") == ["grpo", "reinforce", "trapo"]
    config["experiments"]["main"] = ["sft", "grpo"]
    assert experiments.training_curves_flags(config, "tiny") == (
        "--model tiny --curves "
        "grpo/mini_countdown/seed0=results/tiny/grpo/mini_countdown/seed0/curve.parquet "
        "grpo/chain/seed0=results/tiny/grpo/chain/seed0/curve.parquet"
    )


def test_sides_of_the_frontier(config):
    flags = frontier.frontier_flags(SHIPPED, "tiny")
    assert flags.endswith(
        " --sides sft=sft sft_lr30=sft sft_lr10=sft tms=tms tms_lr30=tms tms_lr10=tms tms_alpha50=tms "
        "tms_early=tms tms_late=tms --reference 0.0 -0.3 "
        "--windows tms_early tms_mid tms tms_late --uniform tms"
    )
    # tms_alpha50 has no checkpoints of its own.
    assert set(frontier.grade_files(SHIPPED, "tiny")) - set(frontier.point_files(SHIPPED, "tiny")) == {
        "tms_alpha50/mini_countdown/seed0",
        "tms_alpha50/chain/seed0",
    }
    config["models"]["tiny"]["experiments"] = ["main", "windows"]
    config["methods"]["tms"]["tms"] = {"points": {"1of1": 1.0}}
    flags = frontier.frontier_flags(config, "tiny")
    assert "--updates" not in flags
    assert "--sides" not in flags and flags.endswith(" --windows tms_early tms_mid tms tms_late")
