"""A small configuration and round throughputs, for tests of the cost estimate."""

from tms.cost_estimate.throughput import PLAIN, Device, Throughput

CONFIG = {
    "models": {
        "q": {
            "base": "models/hub/q",
            "teacher": "big",
            "suite": "s",
            "seeds": [0],
            "parameters": 3e9,
            "gpus": {"train": 8, "generate": 1},
        }
    },
    "teachers": {"big": {"model": "models/hub/big", "tries": 4, "parameters": 70e9, "gpus": 4}},
    "judges": {"guard": {"model": "models/hub/guard", "parameters": 7e9, "max_new_tokens": 32}},
    "suites": {"s": {"targets": ["sums"], "retention": ["facts"]}},
    "tasks": {
        "sums": {
            "kind": "k",
            "grader": "math",
            "train": 1000,
            "heldout": 100,
            "test": 50,
            "limit": 40,
            "max_new_tokens": 4096,
        },
        "facts": {"kind": "k", "test": 30, "limit": 20, "max_new_tokens": 10, "judge": "guard"},
    },
    "methods": {
        **{name: {"kind": name} for name in ("sft", "tms", "self_sft", "grpo", "reinforce", "trapo")},
        **{name: {"kind": name} for name in ("sdft", "distill", "kl_sft")},
    },
    "compute": {"grading_processes": 2, "lost_rows": "stop"},
    "training": {"epochs": 2, "effective_batch": 100, "checkpoints": [], "checkpoint_dtype": "base"},
    "experiments": {"main": ["sft", "tms", "self_sft"]},
    "tms": {
        "num_checkpoints": 10,
        "alpha": 0.25,
        "window": "uniform",
        "weights": None,
        "points": None,
        "trajectory": "sft",
        "loss": "nll",
    },
    "on_policy": {"samples": 4, "max_new_tokens": 200, "beta": 0.0, "budget": "steps", "kl_rows": 64}
    | {"teacher_average": 0.01},
    "harvest": {"mode": "planned", "parts": 1, "samples": 1, "prompts": 1.0},
    "drift": {"prompts": 16, "samples": 3},
    "diagnose": {"diversity": {"samples": 7, "k": 5, "prompts": 25}},
}


def device(peak: float = 1e14, rate: float = 1000.0) -> Device:
    """Training and forward passes at half the peak; every start takes 10 s."""
    start = {"train": 10.0, "generate": 10.0, "score": 10.0}
    return Device(peak, {1.0: 0.5}, {1.0: 0.5}, {1e9: 3 * rate, 3e9: rate}, start)


def figures() -> Throughput:
    plain = dict.fromkeys(PLAIN, 1e15) | {"verified": 0.8, "bytes_a_token": 8.0, "bytes_a_parameter": 2.0}
    plain |= {"state_bytes_a_parameter": 12.0, "characters_a_token": 4.0, "pretrained_parameters": 1e6}
    return Throughput(
        device(),
        device(peak=1e11, rate=1.0),
        plain,
        {"other": 5.0, "grade": 2.0},
        {"grade": 0.1},
        {"sums": {"prompt": 100, "completion": 400}, "other": {"prompt": 50, "completion": 200}},
    )
