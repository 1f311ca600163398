"""A project folder in which runs have the files that a model card reads."""

import json
from pathlib import Path

import yaml
from snakemake.utils import update_config

from helpers import paths
from helpers.health_facts import SOUND
from tms.config import study
from tms.config.stages.mixture import mixture_weights
from tms.io import parquet

CONFIG = study.expanded(yaml.safe_load((paths.ROOT / "config" / "config.yaml").read_text()))
METRICS = {"hotpotqa": "f1", "ifeval": "prompt_strict", "wildguard": "1-asr", "wildjailbreak": "1-asr"}


class Project:
    """A folder with a configuration, and runs of which only what a card reads is there."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.config = CONFIG
        (folder / "config").mkdir()
        (folder / "config" / "config.yaml").write_text((paths.CONFIG / "config.yaml").read_text())

    def overlay(self, **values) -> Path:
        path = self.folder / "config" / "more.yaml"
        path.write_text(yaml.safe_dump(values))
        self.config = json.loads(json.dumps(CONFIG))
        update_config(self.config, values)
        return path

    def write(self, path: str, content: dict) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(json.dumps(content))

    def scores(self, model: str, values: dict[str, float], default: float) -> dict:
        return {
            name: {
                "metric": METRICS.get(name, "accuracy"),
                "score": values.get(name, default),
                "n": 400,
                "ci_low": values.get(name, default) - 0.04,
                "ci_high": values.get(name, default) + 0.05,
            }
            for name in study.benchmarks(self.config, model)
        }

    def run(self, model="tiny", method="tms", task="chain", seed=0, scores=None, plan=None) -> str:
        """Make a run's files; gives its folder."""
        config = self.config
        folder = f"results/{model}/{method}/{task}/seed{seed}"
        self.write(f"results/{model}/base/scores.json", self.scores(model, {}, 0.5))
        self.write(f"{folder}/scores.json", self.scores(model, scores or {}, 0.6))
        cost = {"optimizer_steps": 64, "trained_tokens": 71234, "generated_tokens": 0, "seconds": 3.5}
        self.write(f"{folder}/train.cost.json", cost)
        if method in study.students(config):
            mixture = mixture_weights(config, model, method)
            facts = {
                "seed": seed,
                "alpha": mixture.alpha,
                "points": mixture.points,
                "weights": mixture.weights,
            }
            self.write(f"{folder}/health.json", SOUND | {"masked": {"length": 3}})
            parquet.write(self.folder / folder / "plan.parquet", parquet.PLAN, [], facts | (plan or {}))
        data = f"data/{task}/{config['models'][model]['suite']}"
        counts = {"prompts": 100, "kept": 91, "dropped": 9, "rejects": {"not needed": 40, "wrong answer": 30}}
        self.write(f"{data}/{config['models'][model]['teacher']}/filter.json", {"train": counts})
        pair = {"rows": 400, "exact": 0, "overlapping": 0, "share": 0.0, "outcome": "ok", "reason": ""}
        benchmarks = {name: pair for name in study.benchmarks(config, model)}
        self.write(f"{data}/contamination.json", {"task": task, "max_share": 0.01, "benchmarks": benchmarks})
        checkpoint = self.folder / folder / "checkpoint-1of1"
        checkpoint.mkdir()
        (checkpoint / "model.safetensors").write_bytes(b"weights")
        return folder
