"""Cards, cores and memory of jobs."""

import copy
from types import SimpleNamespace

from helpers.shipped_config import SHIPPED

from tms.config import hardware


def test_a_laptop_needs_no_card():
    assert hardware.generating(SHIPPED, "models", "tiny") == {
        "gpu": 0,
        "cpus_per_task": 1,
        "mem_mb": 4000,
        "tensor_parallel": 1,
    }
    assert hardware.training(SHIPPED, "tiny", "tms", "chain") == {
        "gpu": 0,
        "cpus_per_task": 1,
        "mem_mb": 4000,
        "launch": "python",
        "device_batch": 16,
        "fsdp": "auto",
        "gradient_checkpointing": "off",
        "report_to": "tensorboard",
        "masked_targets": "stop",
    }
    assert hardware.environment(0) == "../../envs/laptop.yaml"


def test_forward_passes_take_one_card_however_many_generate():
    shared = copy.deepcopy(SHIPPED)
    shared["models"]["qwen3b"]["gpus"]["generate"] = 4
    one = {"gpu": 1, "cpus_per_task": 1, "mem_mb": hardware.measuring(SHIPPED, "models", "qwen3b")["mem_mb"]}
    assert hardware.passing(shared, "qwen3b") == hardware.passing(SHIPPED, "qwen3b") == one
    assert hardware.passing(SHIPPED, "tiny") == {"gpu": 0, "cpus_per_task": 1, "mem_mb": 4000}


def test_a_node():
    """Two bytes a parameter of what generates; training reads 4 x 3.09e9 bytes once and gathers as much."""
    assert hardware.generating(SHIPPED, "models", "qwen3b")["mem_mb"] == 4000 + 6000 + 6180
    assert hardware.measuring(SHIPPED, "models", "qwen3b")["mem_mb"] == 4000 + 6000 + 4 * 6180
    assert hardware.generating(SHIPPED, "teachers", "llama70b") == {
        "gpu": 4,
        "cpus_per_task": 4,
        "mem_mb": 4000 + 4 * 6000 + 141200,
        "tensor_parallel": 4,
    }
    assert hardware.generating(SHIPPED, "judges", "wildguard")["gpu"] == 1
    assert hardware.generating(SHIPPED, "teachers", "given")["gpu"] == 0
    trained = hardware.training(SHIPPED, "qwen3b", "tms", "math")
    assert (trained["gpu"], trained["cpus_per_task"], trained["mem_mb"]) == (8, 8, 8 * 4000 + 2 * 12360)
    assert trained["launch"].startswith("accelerate launch") and "--num_processes 8" in trained["launch"]
    assert hardware.environment(8) == "../../envs/gpu.yaml"


def test_an_on_policy_job_samples_and_grades_too():
    rows = hardware.training(SHIPPED, "qwen3b", "tms", "math")
    job = hardware.training_on_policy(SHIPPED, "qwen3b", "grpo", "math")
    assert job["cpus_per_task"] == 8 + 8 * 2 and job["processes"] == 2
    assert job["mem_mb"] == rows["mem_mb"] + 2 * 8 * (4000 + 6180)
    assert job["monitor"] == "--equal-steps 20 --max-kl 100.0 --on-failure stop"


def test_switches_are_words():
    config = copy.deepcopy(SHIPPED)
    config["training"] |= {"fsdp": True, "gradient_checkpointing": True}
    job = hardware.training(config, "tiny", "tms", "chain")
    assert (job["fsdp"], job["gradient_checkpointing"]) == ("on", "on")


def test_a_function_for_each_resource():
    functions = hardware.per_key(
        hardware.GENERATING, lambda wildcards: hardware.generating(SHIPPED, "teachers", wildcards.teacher)
    )
    wildcards = SimpleNamespace(teacher="llama70b")
    assert {key: function(wildcards) for key, function in functions.items()} == hardware.generating(
        SHIPPED, "teachers", "llama70b"
    )
    keys = {"training": hardware.TRAINING, "training_on_policy": hardware.TRAINING_ON_POLICY}
    for name, expected in keys.items():
        assert list(getattr(hardware, name)(SHIPPED, "tiny", "grpo", "chain")) == expected
