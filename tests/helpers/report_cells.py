"""Cells of every experiment for a made-up model, as the stages that measure write them."""

import json
import math
import random
from fractions import Fraction

from tms.experiments.cells import cell
from tms.experiments.correlations import pareto_cells
from tms.report.cell_lookup import CellLookup
from tms.report.model_info import ModelInfo

SUITE = {
    "targets": ["chain", "mini_countdown"],
    "retention": ["facts", "lookup", "refusal"],
    "safety": ["wildguard"],
    "general": True,
    "pilot": "tools",
}
EXPERIMENTS = {
    "main": ["sft", "self_sft", "final_sft", "grpo", "reinforce", "tms", "trapo", "trsft", "tms_trsft"],
    "mixture": ["tms_alpha0", "tms_theta0", "tms_final", "iterative_sft"],
    "windows": ["tms_early", "tms_mid", "tms", "tms_late"],
    "checkpoints": ["tms_t2", "tms_t4", "tms_t6", "tms_t8", "tms", "tms_t12"],
    "alpha": ["tms_alpha0", "tms", "tms_alpha50", "tms_alpha75", "sft"],
    "frontier": ["sft", "sft_lr30", "sft_lr10", "tms", "tms_lr30", "tms_alpha50"],
    "mismatch": ["sft_long", "tms_long"],
    "diversity": ["sft", "grpo", "tms"],
    "averages": ["sft", "average_50"],
    "rivals": ["sft", "dft", "kl_sft", "tms"],
}
SETTINGS = {"checkpoints": [2, 4, 6, 8, 10, 12], "alpha": [0, 0.25, 0.5, 0.75, 1], "averages": [1, 0.5]}
POINTS = ["1of5", "2of5", "7of10"]
ON_POLICY = ("grpo", "reinforce", "trapo")


def kind(method: str) -> str:
    """Kind of a method by its name."""
    known = (
        "self_sft",
        "final_sft",
        "iterative_sft",
        *ON_POLICY,
        "trsft",
        "sft",
        "tms",
        "average",
        "dft",
        "kl_sft",
    )
    return next(name for name in known if method.startswith(name))


def model_json(experiments: dict[str, list[str]] = EXPERIMENTS, **others) -> str:
    """JSON of a model, as the rule's flags hold it."""
    methods = dict.fromkeys(method for chosen in experiments.values() for method in chosen)
    settings = [{"tasks": ["chain"], "learning_rate": 2.0e-5, "effective_batch": 64}]
    given = {"experiments": experiments, "suite": SUITE, "kinds": {name: kind(name) for name in methods}}
    sides: dict[str, list[str]] = {}
    for name in experiments.get("frontier", []):
        sides.setdefault(kind(name), []).append(name)
    return json.dumps(given | {"sides": sides, "parameters": 1.0e6, "settings": settings} | others)


def lookup(
    model: str = "tiny", cells: list[dict] | None = None, experiments=EXPERIMENTS, **others
) -> CellLookup:
    """The cells of a made-up model: `MadeCells` of these experiments, unless others are given."""
    info = ModelInfo.read(model, model_json(experiments, **others))
    return CellLookup(info, MadeCells(model).all(experiments) if cells is None else cells)


class MadeCells:
    """Plausible numbers of a model, drawn at random; the same for the same model.

    Args:
        model: its name.
        seeds: number of seeds; with one there is no interval over seeds.
        bounds: whether numbers have intervals.
    """

    def __init__(self, model: str = "tiny", seeds: int = 3, bounds: bool = True):
        self.model, self.seeds, self.bounds = model, seeds, bounds
        self.random = random.Random(model)

    def cell(self, experiment: str, quantity: str, value: float, half: float, **others) -> dict:
        """A cell with an interval of about `half` to either side."""
        given = {"n": 500, "seeds": self.seeds} | others
        if self.bounds and half:
            given |= {"ci_low": value - 0.9 * half, "ci_high": value + 1.1 * half}
            if self.seeds > 1:
                given |= {"seeds_low": value - 1.5 * half, "seeds_high": value + 1.4 * half}
        return cell(experiment, self.model, quantity, value, **given)

    def gain(self, method: str) -> tuple[float, float]:
        """(target accuracy, forgetting) of a method."""
        base = {"base": (0.31, 0.0), "sft": (0.72, -0.24), "tms": (0.74, -0.06), "self_sft": (0.45, -0.1)}
        base |= {name: (0.7, -0.02) for name in ON_POLICY}
        accuracy, lost = base.get(method) or base[kind(method) if kind(method) in base else "sft"]
        if method not in base:
            accuracy, lost = accuracy + self.random.uniform(-0.1, 0.03), lost * self.random.uniform(0.3, 1.4)
        return accuracy, lost

    def measured(self, experiment: str, methods: list[str]) -> list[dict]:
        """Cells of a method-wise experiment."""
        cells = []
        for place, method in enumerate(["base", *methods]):
            accuracy, lost = self.gain(method)
            x = SETTINGS[experiment][place - 1] if place and experiment in SETTINGS else None
            for task in ["", *SUITE["targets"]]:
                shift = {"": 0.0, "chain": 0.06, "mini_countdown": -0.06}[task]
                cells += self._summary(experiment, method, task, accuracy + shift, lost + shift / 5, x)
        return cells

    def _summary(self, experiment, method, task, accuracy, lost, x) -> list[dict]:
        common = {"method": method, "train_task": task, "x": x}
        lost = min(lost, 0.0)
        targets = {"target" if task else "target_mean": accuracy}
        targets |= {name: accuracy + 0.03 * i for i, name in enumerate(SUITE["targets"])}
        kept = {name: 0.8 + lost * (1 + i / 2) for i, name in enumerate(SUITE["retention"])}
        scores = targets | kept | {"wildguard": 0.7 + lost, "retention_mean": 0.8 + 1.5 * lost}
        scores |= {"forgetting": lost, "forgetting_ext": 1.1 * lost}
        if method != "base":
            scores["xfer"] = lost * 0.8
        cells = []
        for name, value in scores.items():
            mark = ""
            if method in ("tms", "sft"):
                mark = {"tms": "best", "sft": "tied" if "target" in name or name == "chain" else ""}[method]
            cells.append(self.cell(experiment, name, value, 0.02, mark=mark, p_value=0.2, **common))
        moved = -lost if method != "base" else 0.0
        beside = {"general_loss": 3.9 + moved, "general_bits_per_byte": 1.27 + moved / 3}
        cells += [self.cell(experiment, name, value, 0.1, **common) for name, value in beside.items()]
        if method == "base":
            return cells
        changes = {"delta.general_loss": moved, "delta.general_bits_per_byte": moved / 3}
        for name, value in (changes | {"general_kl": 5 * moved**2}).items():
            cells.append(self.cell(experiment, name, value, 0.02, **common))
        for name in (*SUITE["targets"], *SUITE["retention"], "wildguard"):
            cells.append(self.cell(experiment, f"delta.{name}", scores[name] - 0.4, 0.02, **common))
        for reference, level in (("sft", 0.7), ("tms", 0.75)):
            for name in (*targets, "forgetting") if method != reference else ():
                quantity = f"versus_{reference}.{name}"
                cells.append(self.cell(experiment, quantity, scores[name] - level, 0.03, **common))
        cells.append(self.cell(experiment, "retention_delta", 1.4 * lost, 0.02, **common))
        cells.append(self.cell(experiment, "forgetting_floor", -0.006, 0, **common))
        for direction in ("policy_base", "base_policy"):
            for prompts in ("heldout", "retention", "facts"):
                size = abs(lost) * (40 if direction == "policy_base" else 70) * self.random.uniform(0.6, 1.6)
                where = common | {"prompts": prompts}
                cells.append(self.cell(experiment, f"kl.{direction}.per_sequence", size, 0.1 * size, **where))
        for name in ("pld_ref", "pld_own"):
            size = 20 + 60 * abs(lost) * self.random.uniform(0.6, 1.6)
            cells.append(self.cell(experiment, f"{name}.per_sequence", size, 1.0, **common))
        if method not in ON_POLICY and task:
            values = {"alpha": 0.25, "teacher": 0.31, "teacher_tokens": 0.4, "masked": 0.2, "cut": 0.25}
            for name, value in (values | {"empty_steps": 1.5}).items():
                cells.append(self.cell(experiment, f"targets.{name}", value, 0, seeds=None, **common))
        costs = {"optimizer_steps": 128, "trained_tokens": 2.1e5, "frozen_tokens": 0, "rollouts": 4096}
        costs |= {"generated_tokens": 3.4e5, "seconds": 300}
        for name, size in costs.items():
            value = size * self.random.uniform(0.8, 3)
            cells.append(self.cell(experiment, f"cost.{name}", value, 0, **common))
        return cells

    def learning(self) -> list[dict]:
        """Losses of SFT and TMS along their runs, and their scores at graded checkpoints."""
        cells = []
        for method in ("sft", "tms"):
            for task in ["", *SUITE["targets"]]:
                where = {"method": method, "train_task": task}
                for place in range(1, 41):
                    value = 0.4 + 1.5 * math.exp(-place / 8) * self.random.uniform(0.9, 1.1)
                    own = self.cell("main", "along.loss", value, 0.1, x=place / 40, n=None, **where)
                    cells.append(own | {"ci_low": None, "ci_high": None})
                for point in ("0of1", *POINTS, "1of1"):
                    part = float(Fraction(point.replace("of", "/")))
                    for texts, value in (
                        ("heldout", 0.5 + 1.6 * math.exp(-4 * part)),
                        ("general", 3.9 + part / 5),
                    ):
                        along = {"checkpoint": point, "prompts": texts} | where
                        cells.append(self.cell("main", "loss.per_token", value, 0.1, **along))
            for place, point in enumerate(POINTS):
                for name, value in (
                    ("target_mean", 0.4 + 0.1 * place),
                    ("retention_mean", 0.95 - 0.05 * place),
                ):
                    where = {"method": method, "checkpoint": point}
                    cells.append(self.cell("frontier", f"along.{name}", value, 0.03, **where))
        return cells

    def frontier(self) -> list[dict]:
        """Points of both sides with their fronts, and the areas."""
        cells = []
        for method in ["base", *EXPERIMENTS["frontier"]]:
            side = method if method == "base" else kind(method)
            for checkpoint in ["", *([] if side in ("base", "average") else POINTS)]:
                accuracy, lost = self.gain(method)
                early = 1.0 if not checkpoint else self.random.uniform(0.7, 1)
                note = "selected" if self.random.random() < 0.35 and method != "base" else ""
                for prompts in ("validation", "test"):
                    where = {"method": method, "checkpoint": checkpoint, "group": side, "prompts": prompts}
                    where["note"] = note
                    cells.append(self.cell("frontier", "target_mean", accuracy * early, 0.03, **where))
                    cells.append(self.cell("frontier", "forgetting", lost * early, 0.02, **where))
        for prompts in ("validation", "test"):
            for side, area in (("sft", 0.11), ("tms", 0.16)):
                cells.append(self.cell("frontier", "area", area, 0.01, method=side, prompts=prompts))
        difference = {"method": "tms", "group": "sft", "prompts": "test", "p_value": 0.004}
        cells.append(self.cell("frontier", "area_difference", 0.05, 0.012, **difference))
        for x in (0.01, 0.05):
            for side, method in (("base", "base"), ("sft", "sft"), ("tms", "tms_lr30")):
                own = {"method": method, "group": side, "x": x, "prompts": "test"}
                share, mark = (0.9, "best") if side == "tms" else (0.05, "")
                cells.append(self.cell("frontier", "chosen.share", share, 0.0, mark=mark, **own))
                cells.append(self.cell("frontier", "chosen.setting", 0.8 * share, 0.0, **own))
                cells.append(self.cell("frontier", "chosen.seeds", 3 * (side == "tms"), 0.0, **own))
                if side != "tms":
                    cells.append(self.cell("frontier", "chosen.difference", 0.1, 0.04, p_value=0.01, **own))
        for method in ("sft", "tms", "tms_lr30"):
            for name, value in (("optimizer_steps", 64), ("trained_tokens", 1e5), ("seconds", 30)):
                own = {"method": method, "group": kind(method)}
                cells.append(self.cell("frontier", f"cost.{name}", value, 0.0, **own))
        for method in EXPERIMENTS["windows"]:
            for quantity, value in (("forgetting_matched", -0.05), ("retention_matched", 0.77)):
                where = {"method": method, "group": "windows", "x": 0.68}
                cells.append(self.cell("frontier", quantity, value, 0.02, **where))
        return cells

    def mismatch(self) -> list[dict]:
        """A long run of SFT and one of TMS."""
        cells = []
        steps = {"0of1": 0, "1of10": 30, "1of5": 60, "2of5": 120, "7of10": 210, "1of1": 300}
        for method in EXPERIMENTS["mismatch"]:
            speed = 1.0 if method.startswith("sft") else 0.5
            for place, (point, step) in enumerate(steps.items()):
                where = {"method": method, "train_task": "chain", "checkpoint": point, "x": step}
                train, held = 1.9 * 0.4**place, 1.9 * 0.4**place + 0.1 * speed * place**1.5
                note = "minimum" if place == 2 else ""
                for unit, size in (("per_token", 1), ("per_sequence", 30)):
                    values = {"train_nll": train, "val_nll": held, "drift": max(0, place - 2) * 0.1 * speed}
                    for name, value in values.items():
                        own = note if name == "val_nll" else ""
                        cells.append(
                            self.cell(
                                "mismatch", f"{name}.{unit}", size * value, 0.02 * size, note=own, **where
                            )
                        )
                cells.append(self.cell("mismatch", "chain", 0.4 + 0.1 * place**0.7, 0.02, **where))
                for i, name in enumerate(SUITE["retention"]):
                    value = 0.9 - 0.1 * i - 0.08 * speed * place
                    cells.append(self.cell("mismatch", name, value, 0.02, **where))
        return cells

    def diversity(self) -> list[dict]:
        """Samples of both targets."""
        cells = []
        for method in ["base", *EXPERIMENTS["diversity"]]:
            accuracy, _ = self.gain(method)
            for i, task in enumerate(SUITE["targets"]):
                where = {"method": method, "train_task": task, "x": 100.0}
                values = {"pass_at_1": accuracy - 0.05 * i, "pass_at_k": accuracy + 0.15, "greedy": accuracy}
                values |= {"sc_acc": accuracy + 0.04, "ans_ent": 1.8 - accuracy, "coverage": accuracy + 0.16}
                values |= {"coverage_n": accuracy + 0.17, "distinct_solutions": 1.0 + 2.4 * i + accuracy}
                values |= {"mixed_classes": 0.01}
                cells += [
                    self.cell("diversity", name, value, 0.03, **where) for name, value in values.items()
                ]
        return cells

    def bound(self) -> list[dict]:
        """Both sides of Theorem 6.1."""
        cells = []
        for method in EXPERIMENTS["main"]:
            for task in SUITE["targets"]:
                for prompts in ("heldout", *SUITE["retention"]):
                    where = {"method": method, "train_task": task, "prompts": prompts}
                    left = 0.0 if self.random.random() < 0.1 else self.random.uniform(0.002, 0.5)
                    corollary = self.random.uniform(0.3, 4)
                    forms = {"left": left, "corollary": corollary, "tv_corollary": corollary / 2}
                    forms |= {"bound": 0.9 * corollary, "tv_bound": 0.45 * corollary}
                    forms["looseness"] = corollary / left if left else None
                    for name, value in forms.items():
                        half = 0.0 if value is None else 0.15 * value
                        cells.append(self.cell("theorem61", name, value, half, **where))
        return cells

    def training(self, steps: int = 64) -> list[dict]:
        """Curves of the on-policy methods: a reward that rises, and what drifts while it does."""
        cells = []
        for place, method in enumerate(ON_POLICY):
            for i, task in enumerate(SUITE["targets"]):
                for step in range(1, steps + 1):
                    learnt = 1 - math.exp(-step / steps * (1 + place))
                    values = {
                        "reward": 0.3 + (0.5 - 0.1 * i) * learnt,
                        "kl": (0.6 + place) * learnt,
                        "entropy": 0.9 - 0.25 * place * learnt,
                        "length": 30 + 40 * i + 8 * place * learnt,
                        "truncated": 0.04 + 0.05 * place * (1 - learnt),
                        "failures": 0.0,
                    }
                    values |= {"equal": 0.3 + 0.4 * learnt} if method != "reinforce" else {}
                    for name, value in values.items():
                        noisy = value * self.random.gauss(1, 0.06)
                        given = {"method": method, "train_task": task, "x": float(step), "n": None}
                        own = self.cell("training_curves", name, noisy, 0.06 * noisy, **given)
                        cells.append(own | {"ci_low": None, "ci_high": None})
        return cells

    def relations(self) -> list[dict]:
        """Rank correlations with their leave-one-out values."""
        cells = []
        kl = [(f"kl.{way}", p) for way in ("policy_base", "base_policy") for p in ("heldout", "retention")]
        for predictor, prompts in [*kl, ("pld_ref", ""), ("pld_own", "")]:
            for group in ("all", "sft"):
                where = {"group": group, "prompts": prompts, "n": 30}
                for method in ["", *EXPERIMENTS["main"]]:
                    value = self.random.uniform(0.7, 0.95)
                    half = 0.0 if method else 0.1
                    name = f"spearman.{predictor}.per_sequence"
                    cells.append(self.cell("correlations", name, value, half, method=method, **where))
                for task in ["", *SUITE["targets"]]:
                    name = f"spearman_within.{predictor}.per_sequence"
                    cells.append(self.cell("correlations", name, 0.8, 0.0, train_task=task, **where))
        return cells

    def all(self, experiments: dict[str, list[str]] = EXPERIMENTS) -> list[dict]:
        """Cells of these experiments; with main come its bound, relations, fronts and curves."""
        own = {name: getattr(self, name) for name in ("frontier", "mismatch", "diversity")}
        cells = []
        for name, methods in experiments.items():
            cells += own[name]() if name in own else self.measured(name, methods)
        if "main" not in experiments:
            return cells
        methods = [name for chosen in experiments.values() for name in chosen]
        cells += self.learning()
        if set(ON_POLICY) & set(methods):
            cells += self.training()
        return cells + self.bound() + self.relations() + pareto_cells(self.model, cells, methods)
