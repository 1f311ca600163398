"""Flags and files of Algorithm 1's jobs: plan, harvest, mixture."""

import copy

import pytest
from helpers.shipped_config import SHIPPED

from tms.config.stages import mixture
from tms.io.errors import InputError
from tms.mixture.plan import MixtureWeights

TENTHS = "1of10 1of5 3of10 2of5 1of2 3of5 7of10 4of5 9of10 1of1"
QUARTER = f"--alpha 0.25 --points {TENTHS} --weights {' '.join(['0.1'] * 10)}"


@pytest.fixture
def config():
    return copy.deepcopy(SHIPPED)


def test_the_plan_of_tms():
    assert mixture.plan_flags(SHIPPED, "tiny", "tms", "chain", "0") == (
        f"{QUARTER} --epochs 2 --effective-batch 64 --samples 1 --prompts-share 1.0 --seed 0"
    )
    assert mixture.plan_flags(SHIPPED, "qwen3b", "tms", "math", "1") == (
        f"{QUARTER} --epochs 2 --effective-batch 256 --samples 1 --prompts-share 1.0 --seed 1"
    )


def test_the_plan_of_a_single_point_needs_no_alpha():
    rest = "--epochs 2 --effective-batch 64 --samples 1 --prompts-share 1.0 --seed 0"
    assert mixture.plan_flags(SHIPPED, "tiny", "self_sft", "chain", "0") == (
        f"--alpha 0.0 --points 0of1 --weights 1.0 {rest}"
    )
    assert mixture.plan_flags(SHIPPED, "tiny", "final_sft", "chain", "0") == (
        f"--alpha 0.0 --points 1of1 --weights 1.0 {rest}"
    )


def test_alpha_reaches_the_plan_and_nothing_else(config):
    place = ("tiny", "tms", "chain", "0")
    before = mixture.harvest_flags(config, *place, "1", "1")
    config["tms"]["alpha"] = 0.4
    assert mixture.plan_flags(config, *place).startswith("--alpha 0.4 --points 1of10 ")
    assert mixture.harvest_flags(config, *place, "1", "1") == before


def test_a_long_run_is_planned_in_steps():
    assert "--effective-batch 64 --max-steps 300 " in mixture.plan_flags(
        SHIPPED, "tiny", "tms_long", "chain", "0"
    )


def test_a_long_student_harvests_the_long_run(config):
    folders = mixture.harvested_folders(config, "tiny", "tms_long", "chain", "0")
    assert all("/sft_long/" in folder for folder in folders) and len(folders) > 1
    points = mixture.mixture_weights(config, "tiny", "tms_long").points
    assert {*points} <= {*mixture.saved_points(config, "tiny", "sft_long")}


def test_where_one_checkpoint_writes_all_each_prompt_has_one_answer(config):
    """F.2: one completion a prompt, which both epochs see."""
    config["harvest"]["samples"] = 4
    for method, samples in (("tms", 4), ("self_sft", 1), ("final_sft", 1)):
        place = ("tiny", method, "chain", "0")
        assert f" --samples {samples} " in mixture.plan_flags(config, *place)
        assert f" --samples {samples} " in mixture.harvest_flags(config, *place, "1", "1")


def test_weights_name_the_method_whose_settings_are_wrong(config):
    config["methods"]["tms"]["tms"] = {"weights": [0.5] * 10}
    with pytest.raises(InputError, match=r"methods\.tms with models\.tiny: tms\.weights: .* sum to 5"):
        mixture.mixture_weights(config, "tiny", "tms")
    assert mixture.mixture_weights(config, "tiny", "tms_theta0") == MixtureWeights(0.25, ("0of1",), (1.0,))


def test_a_harvest_reads_the_checkpoints_of_the_run_that_it_is_told():
    run = "results/qwen3b/sft/math/seed1"
    folders = [f"{point}={run}/trajectory/checkpoint-{point}" for point in TENTHS.split()[:-1]]
    assert mixture.harvest_flags(SHIPPED, "qwen3b", "tms", "math", "1", "3", "8") == (
        "--task math --part 3 --parts 8 --mode planned --samples 1 --temperature 1.0 --top-p 1.0 "
        f"--max-new-tokens 4096 --seed 1 --checkpoints {' '.join(folders)} 1of1={run}/checkpoint-1of1 "
        "--engine vllm --threads 1 --cache rows"
    )
    assert mixture.harvested_folders(SHIPPED, "qwen3b", "tms", "math", "1") == [
        f"{run}/checkpoint-1of1",
        f"{run}/trajectory",
    ]
    assert mixture.harvested_folders(SHIPPED, "tiny", "self_sft", "chain", "0") == ["models/tiny/base"]
    assert mixture.harvested_folders(SHIPPED, "tiny", "iterative_sft", "chain", "0") == [
        "results/tiny/final_sft/chain/seed0/checkpoint-1of1"
    ]


def test_a_harvest_has_no_more_parts_than_checkpoints():
    assert mixture.harvest_parts(SHIPPED, "qwen3b", "tms") == 8
    assert mixture.harvest_parts(SHIPPED, "qwen3b", "tms_t2") == 2
    assert mixture.harvest_files(SHIPPED, "qwen3b", "tms_t2", "math", 1) == [
        "results/qwen3b/tms_t2/math/seed1/harvest/part-1of2.parquet",
        "results/qwen3b/tms_t2/math/seed1/harvest/part-2of2.parquet",
    ]
    assert mixture.harvest_files(SHIPPED, "tiny", "tms", "chain", 0, "cost.json") == [
        "results/tiny/tms/chain/seed0/harvest/part-1of1.cost.json"
    ]


def test_a_mixture_is_graded_only_where_the_grader_filters_it(config):
    place = ("tiny", "tms", "mini_countdown")
    assert mixture.build_flags(config, *place) == "--keep all"
    assert mixture.graded_tasks(config, *place) == []
    config["methods"]["tms"]["harvest"] = {"keep": "correct"}
    assert mixture.build_flags(config, *place) == "--keep correct --grader countdown"
    assert mixture.graded_tasks(config, *place) == ["mini_countdown"]
