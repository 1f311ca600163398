"""Cells of the targets that a method's runs trained on: whose they are, and which carry no loss."""

from collections import Counter
from collections.abc import Mapping

from tms.metrics.flags import Run
from tms.mixture.replay import GENERAL
from tms.training.health import TEACHER, teacher_share


def target_cells(health: Mapping[Run, dict], tasks: list[str]) -> list[dict]:
    """Shares of the targets of a method's runs together, of those on each task and of all.

    `targets.alpha` is the configured probability of the teacher (none of SFT, nor of tasks with different
    ones together), `targets.teacher` its share of the targets with loss and `targets.teacher_tokens` that of
    their tokens, both without general prompts, and `targets.general` and `targets.general_tokens` are the
    general prompts' share, where there are any; `targets.masked` are those without loss, `targets.cut` those
    of the checkpoints' that were cut at their limit, and `targets.empty_steps` the optimiser steps without
    any loss, of one run.

    Args:
        health: contents of health.json of each run.
        tasks: target tasks.
    """
    cells = []
    for task in ["", *tasks]:
        runs = [facts for run, facts in health.items() if task in ("", run[0])]
        if not runs:
            continue
        kept, tokens, planned, cut = (
            sum((Counter(facts[name]) for facts in runs), Counter())
            for name in ("sources", "tokens", "planned", "cut")
        )
        alphas = {facts["alpha"] for facts in runs}
        total, sampled = planned.total(), planned.total() - planned[TEACHER] - planned[GENERAL]
        values = {
            "alpha": alphas.pop() if len(alphas) == 1 else None,
            "teacher": teacher_share(kept),
            "teacher_tokens": teacher_share(tokens),
            "general": kept[GENERAL] / kept.total() if planned[GENERAL] else None,
            "general_tokens": tokens[GENERAL] / tokens.total() if planned[GENERAL] else None,
            "masked": 1 - kept.total() / total,
            "cut": (cut.total() - cut[GENERAL]) / sampled if sampled else None,
            "empty_steps": sum(facts["empty_steps"] for facts in runs) / len(runs),
        }
        shared = {"train_task": task, "n": total}
        cells += [
            {"quantity": f"targets.{name}", "value": value} | shared
            for name, value in values.items()
            if value is not None
        ]
    return cells
