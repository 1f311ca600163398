"""Seconds of pretraining: none to speak of for the shipped models, else those of their steps."""

import copy

from helpers.estimate_config import figures
from helpers.paths import ROOT
from helpers.shipped_config import SHIPPED

from tms.cost_estimate.pretraining import pretrain_seconds
from tms.planned_jobs.jobs import Job


def test_shipped_models_are_copied_and_others_pretrained(monkeypatch):
    monkeypatch.chdir(ROOT)
    known = figures()
    known.plain["pretrain_seconds_a_step"] = 0.5
    job = Job("pretrain", {"pretrained": "tiny"}, [], [], gpus=0, threads=2)
    assert pretrain_seconds(job, SHIPPED, known) == 5.0
    other = copy.deepcopy(SHIPPED)
    other["pretrain"]["tiny"] |= {"steps": 100, "batch": 32}
    assert pretrain_seconds(job, other, known) == 10 + 0.5 * 4 / 2 * (100 * 32 + 40 * 64) / 64
    job = Job("pretrain_tools", {"pretrained": "tiny_tools"}, [], [], gpus=0, threads=2)
    assert pretrain_seconds(job, SHIPPED, known) == known.stage_seconds("pretrain_tools")
    job = Job("pretrain_images", {"pretrained": "tiny_images"}, [], [], gpus=0, threads=2)
    assert pretrain_seconds(job, SHIPPED, known) == known.stage_seconds("pretrain_images")
    job = Job("pretrain_tools", {"pretrained": "tiny_tools"}, [], [], gpus=0, threads=2)
    other["pretrain"]["tiny_tools"] |= {"steps": 100, "batch": 16}  # and no teacher
    assert pretrain_seconds(job, other, known) == 10 + 0.5 * 4 / 2 * 100 * 16 / 64
