"""Inputs and flags of the divergence: a student, SFT, and a long run."""

import copy

from helpers.shipped_config import SHIPPED

from tms.config.stages import drift

KL = (
    "--prompts heldout=data/chain/miniature/heldout.parquet facts=data/facts/test.parquet "
    "lookup=data/lookup/test.parquet refusal=data/refusal/test.parquet --kl-prompts 128 --kl-samples 2 "
    "--max-new-tokens 96 --seed 0 --engine transformers --threads 1 --cache rows"
)


def test_a_student_has_targets_of_its_own():
    run = "results/tiny/tms/chain/seed0"
    place = ("tiny", "tms", "chain", "0")
    assert drift.heldout_mixture(SHIPPED, *place) == [f"{run}/heldout_mixture.parquet"]
    assert drift.checkpoint_inputs(SHIPPED, *place) == [
        "models/tiny/base",
        f"{run}/checkpoint-1of1",
        f"{run}/trajectory",
    ]
    assert drift.drift_flags(SHIPPED, *place) == (
        f"--task chain --trajectory 0of1=models/tiny/base 2of5={run}/trajectory/checkpoint-2of5 "
        f"7of10={run}/trajectory/checkpoint-7of10 1of1={run}/checkpoint-1of1 "
        f"--heldout-mixture {run}/heldout_mixture.parquet --longest-target 96 {KL}"
    )


def test_a_model_may_have_kl_measured_on_less():
    config = copy.deepcopy(SHIPPED)
    config["models"]["tiny"]["drift"] = {"prompts": 8}
    given = drift.drift_flags(config, "tiny", "tms", "chain", "0")
    assert "--kl-prompts 8 --kl-samples 2 " in given


def test_samples_of_rows_with_tools_have_a_limit_of_their_own():
    """A row of ToolAlpaca has 5,120 tokens in all; 4,096 at once, as math may have, leave its prompt few."""
    given = drift.drift_flags(SHIPPED, "qwen7b_tools", "sft", "toolalpaca", "0")
    assert " --max-new-tokens 4096 heldout=1024 --" in given


def test_an_on_policy_method_has_none():
    run = "results/tiny/grpo/chain/seed0"
    assert drift.drift_flags(SHIPPED, "tiny", "grpo", "chain", "0") == (
        f"--task chain --trajectory 0of1=models/tiny/base 1of1={run}/checkpoint-1of1 {KL}"
    )


def test_a_long_run_scores_training_references_too():
    references = "data/chain/miniature/tiny_teacher/references.parquet"
    assert drift.train_references(SHIPPED, "tiny", "sft_long", "chain") == references
    assert drift.train_references(SHIPPED, "tiny", "sft", "chain") == []
    flags = drift.drift_flags(SHIPPED, "tiny", "sft_long", "chain", "0")
    assert f" --train-references {references} --train-rows 256 --prompts " in flags


def test_general_text_and_answers_without_a_score_are_measured_too():
    config = copy.deepcopy(SHIPPED)
    config["suites"]["miniature"] |= {"retention": ["facts", "lookup"], "general": True}
    for task in ("chain", "lookup"):
        config["tasks"][task]["grader"] = "none"
    flags = drift.drift_flags(config, "tiny", "sft", "chain", "0")
    # The KL's prompts are not their bound: it is their evaluation's own.
    assert " --answers lookup=data/lookup/test.parquet --limits lookup=500 --general workflow" in flags
    assert drift.general_files(config, "tiny") == [
        "workflow/resources/general/prompts.jsonl",
        "workflow/resources/general/passages.jsonl",
    ]
    assert drift.general_files(SHIPPED, "tiny") == []
    assert drift.answered(SHIPPED, "tiny") == {}
