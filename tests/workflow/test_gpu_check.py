"""`make gpu-check PROFILE=slurm` and `make smoke-gpu` as dry runs: what they send, with which cards."""

import re

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def empty(new_project):
    """A copy of the project, with nothing made."""
    return new_project("gpu_check")


def test_the_check_is_one_job_with_the_cards_of_the_largest(empty):
    overlay = empty.overlay("mine.yaml", "table: {models: [qwen3b]}\nmodels: {qwen3b: {gpus: {train: 2}}}\n")
    words = ("--profile=slurm", "--forcerun=gpu_check", "--printshellcmds")
    for configs, cards in (((), 8), ((overlay,), 4)):  # 4: the teacher's
        found, text = empty.plan("logs/gpu_check/report.json", *words, configs=configs, smoke=False)
        assert found == {"gpu_check": 1}
        command = re.search(r"lease.py .*", text)[0]
        assert f"--gpus {cards} -- python workflow/scripts/gpu_check.py" in command
        assert ("mine.yaml" in command) == bool(configs)


def test_smoke_on_one_card(empty):
    targets = ("results/smoke/tms/table.csv", "results/smoke_vllm/tms/smoke_chain/seed0/mixture.parquet")
    words = ("--resources=gpu=1", "--printshellcmds", *targets[:1])
    found, text = empty.plan(targets[1], *words, configs=("config/smoke_gpu.yaml",), smoke=False)
    assert found["pretrain"] == 1 and found["aggregate"] == 1
    engines = re.findall(r"(teacher|harvest|generate|drift)\.py .*--engine (\w+)", text)
    assert {stage for stage, engine in engines if engine == "vllm"} == {"teacher", "harvest"}
    assert {stage for stage, engine in engines if engine == "transformers"} >= {"generate", "drift"}
    commands = re.findall(r"lease.py --gpus (\d+) -- (.*?\w+\.py)", text)
    assert {cards for cards, command in commands if "train_" in command or "harvest" in command} == {"1"}
    # The shipped base: no pretraining.
    assert "--steps 1900" in text or "resources/miniature" in text
