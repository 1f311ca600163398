"""Flags of training: each algorithm gets the settings that it reads."""

import copy

from helpers.shipped_config import SHIPPED

from tms.config.joint_targets import with_joint_targets
from tms.config.stages import train

ADAM = "--adam-beta1 0.9 --adam-beta2 0.95 --weight-decay 0.0 --max-grad-norm 1.0 --checkpoint-dtype base"
ROWS = f"--effective-batch 64 --warmup 0.03 {ADAM} --max-new-tokens 96 --seed 0 --threads 1 --save-points"
SAMPLED = "--temperature 1.0 --top-p 1.0 --budget steps --kl-rows 64 --seed 0 --threads 1 --save-points 1of1"


def test_training_on_rows():
    assert train.row_flags(SHIPPED, "tiny", "self_sft", "chain", "0") == (
        f"--epochs 2 --learning-rate 0.002 {ROWS} 1of1"
    )
    # TMS on the frontier is evaluated at two checkpoints of its own.
    assert train.row_flags(SHIPPED, "tiny", "tms", "chain", "0") == (
        f"--epochs 2 --learning-rate 0.002 {ROWS} 2of5 7of10 1of1"
    )


def test_the_trsft_loss_has_a_floor():
    for method in ("trsft", "tms_trsft"):
        assert train.row_flags(SHIPPED, "tiny", method, "chain", "0") == (
            f"--epochs 2 --learning-rate 0.002 {ROWS} 1of1 --loss trsft --trsft-floor 0.1"
        )


def test_other_losses_have_the_settings_that_they_read():
    ends = {"dft": "--loss dft", "kl": "--loss kl --kl-beta 0.1 --kl-prompts training"}
    for method, loss in (("dft", "dft"), ("tms_dft", "dft"), ("kl_sft", "kl"), ("tms_kl", "kl")):
        assert train.row_flags(SHIPPED, "tiny", method, "chain", "0") == (
            f"--epochs 2 --learning-rate 0.002 {ROWS} 1of1 {ends[loss]}"
        )


def test_an_edit_reaches_the_loss_that_is_loaded():
    modules = {name: train.loss_modules(SHIPPED, "tiny", name) for name in ("sft", "tms", "tms_trsft")}
    nll = ("tms.training.losses.nll",)
    assert modules == {"sft": nll, "tms": nll, "tms_trsft": ("tms.training.losses.trsft",)}


def test_a_scaled_rate_has_ten_digits():
    assert 2.0e-5 * 0.1 != 2.0e-06  # 2.0000000000000003e-06
    flags = train.row_flags(SHIPPED, "qwen3b", "sft_lr10", "math", "0")
    assert flags.startswith("--epochs 2 --learning-rate 2e-06 --effective-batch 256 ")


def test_sft_looks_at_the_prompts_that_are_sampled_after_it():
    """Their rows have a limit of tokens; of several tasks it is by the turns of those that have one."""
    ends = " --turn 1024 --heldout data/{}/tools/heldout.parquet"
    flags = train.row_flags(SHIPPED, "qwen7b_tools", "sft", "toolalpaca", "0")
    assert flags.endswith(ends.format("toolalpaca"))
    assert train.heldout(SHIPPED, "qwen7b_tools", "sft", "toolalpaca") == [
        "data/toolalpaca/tools/heldout.parquet"
    ]
    config = copy.deepcopy(SHIPPED)
    config["suites"]["tools"]["targets"] = [{"mix": ["toolalpaca", "math"]}]
    joint = train.row_flags(with_joint_targets(config), "qwen7b_tools", "sft", "toolalpaca+math", "0")
    assert joint.endswith(ends.format("toolalpaca+math")) and " --max-new-tokens 4096 " in joint
    # Held-out rows of a joint target are sampled with the longest limit.
    config["tasks"]["other"] = config["tasks"]["toolalpaca"] | {"max_new_tokens": 2048}
    config["suites"]["tools"]["targets"] = [{"mix": ["toolalpaca", "other"]}]
    joint = train.row_flags(with_joint_targets(config), "qwen7b_tools", "sft", "toolalpaca+other", "0")
    assert " --turn 2048 " in joint
    for model, method, task in (("qwen7b_tools", "tms", "toolalpaca"), ("tiny_tools", "sft", "calculate")):
        assert not train.heldout(SHIPPED, model, method, task)
        assert "--turn" not in train.row_flags(SHIPPED, model, method, task, "0")


def test_a_run_looks_at_the_test_prompts_whose_rows_have_a_limit():
    """As many as are evaluated, or, on retention, as KL is measured on; whatever the run is trained on."""
    names = ["toolalpaca", "toolalpaca_judged", "toolalpaca_real", "toolalpaca_real_judged"]
    assert train.evaluated_prompts(SHIPPED, "qwen7b_tools") == {
        name: f"data/{name}/test.parquet" for name in names
    }
    config = copy.deepcopy(SHIPPED)
    config["suites"]["tools"] |= {"targets": ["calculate"], "views": {}, "retention": ["toolalpaca", "math"]}
    config["tasks"]["toolalpaca"]["limit"] = 5
    config["models"]["qwen7b_tools"]["drift"] = {"prompts": 7}
    words = (
        "--tests toolalpaca=data/toolalpaca/test.parquet --test-turns toolalpaca=1024 --test-rows toolalpaca="
    )
    assert train.evaluated_prompts_flags(config, "qwen7b_tools") == f"{words}7"
    config["suites"]["tools"] |= {"targets": ["toolalpaca"], "retention": ["math"]}
    assert train.evaluated_prompts_flags(config, "qwen7b_tools") == f"{words}5"
    assert train.evaluated_prompts_flags(SHIPPED, "qwen7b") == ""
    assert train.evaluated_prompts_flags(SHIPPED, "tiny_tools") == ""  # a calculator's rows have no limit


def test_a_long_run_takes_its_steps_from_the_diagnosis():
    assert train.row_flags(SHIPPED, "tiny", "sft_long", "chain", "0") == (
        f"--epochs 2 --max-steps 300 --learning-rate 0.002 {ROWS} "
        "1of20 1of10 1of5 3of10 2of5 1of2 3of5 7of10 4of5 9of10 1of1"
    )


def test_on_policy_algorithms():
    def flags(method):
        return train.on_policy_flags(SHIPPED, "tiny", method, "chain", "0")

    assert flags("grpo") == (
        f"--algorithm grpo --grader chain --epochs 2 --effective-batch 64 --learning-rate 0.001 {ADAM} "
        f"--max-new-tokens 96 --samples 8 --beta 0.0 {SAMPLED} --engine transformers --warmup 0.03"
    )
    assert flags("reinforce") == (
        f"--algorithm reinforce --grader chain --epochs 2 --effective-batch 64 --learning-rate 0.0003 "
        f"{ADAM} --max-new-tokens 96 --samples 1 --baseline-decay 0.95 {SAMPLED} "
        "--engine transformers --warmup 0.03"
    )
    assert train.on_policy_flags(SHIPPED, "qwen3b", "trapo", "math", "0") == (
        f"--algorithm trapo --grader math --epochs 2 --effective-batch 256 --learning-rate 1e-06 {ADAM} "
        f"--max-new-tokens 2048 --samples 8 --entropy-bonus 0.001 {SAMPLED} --engine vllm --trsft-floor 0.1"
    )
    assert train.on_policy_modules(SHIPPED, "grpo", "mini_countdown") == (
        "tms.on_policy.grpo",
        "tms.graders.countdown",
    )


def test_an_edit_reaches_the_algorithm_that_reads_it():
    config = copy.deepcopy(SHIPPED)
    config["on_policy"]["entropy_bonus"] = 0.5
    changed = [
        method
        for method in ("grpo", "reinforce", "trapo")
        if train.on_policy_flags(config, "tiny", method, "chain", "0")
        != train.on_policy_flags(SHIPPED, "tiny", method, "chain", "0")
    ]
    assert changed == ["trapo"]
