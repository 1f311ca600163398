"""A speed is told as assumed where the estimate rests on it and nobody measured it."""

from dataclasses import replace

from helpers.estimate_config import figures

from tms.cost_estimate.estimate import Estimate
from tms.cost_estimate.summary import assumed_speeds
from tms.planned_jobs.jobs import Job


def test_only_what_is_used_and_not_measured():
    card = replace(figures().card, name="h100", measured={"training": "gpu-check", "start": "gpu-check"})
    speeds = replace(figures(), card=card, cpu=replace(figures().cpu, name="cpu"))

    def told(gpus: int, **tokens: float) -> dict:
        return assumed_speeds([Estimate(Job("r", {}, [], [], gpus=gpus), 1.0, **tokens)], speeds)

    assert told(8, trained=1.0) == {}
    assert told(1, generated=1.0) == {"h100": ["forward", "generation"]}
    assert told(1, scored=1.0) == {"h100": ["forward"]}
    assert told(0, trained=1.0) == {"cpu": ["training", "start"]}
    assert told(0) == {}
