"""The check of planned jobs against the memory of their cards."""

from collections.abc import Iterable

from tms.cost_estimate.dry_run import Job
from tms.memory_plan import formulas, plan
from tms.memory_plan.plan import MemoryOf, Peak
from tms.memory_plan.shapes import StepMemory, StepShape

TRAINING = ("train_sft", "train_student", "train_on_policy")
GENERATING = ("harvest", "generate", "generate_samples", "drift")


def faults(jobs: Iterable[Job], config: dict, memory_of: MemoryOf) -> list[str]:
    """A line for each kind of job that would not fit on its cards: the sum, and the two settings that help.

    Args:
        jobs: planned; those without cards are not looked at.
        config: the whole configuration.
        memory_of: of `tms.memory_plan.store.Store`, or what finds the memory of a step in another way.
    """
    peaks: dict[str, Peak] = {}
    seen = set()
    for job in jobs:
        kind = (job.rule, *map(job.wildcards.get, ("model", "method", "task", "teacher", "judge")))
        if not job.gpus or kind in seen:
            continue
        seen.add(kind)
        for peak in _peaks(job, config, lambda shape: _bounded(shape, plan.room(config), memory_of)):
            if not peak.fits:
                who = job.wildcards.get("model", "")
                peaks.setdefault(f"{job.rule} {who}".strip() + f" ({peak.job}; {peak.shape})", peak)
    card = f"compute.gpu_memory_gb {config['compute']['gpu_memory_gb']:g}, a tenth to spare"
    return [
        f"memory: {name}: {peak.arithmetic()}, which may hold {peak.room / 1e9:.1f} ({card}); "
        f"{' or '.join(peak.remedies)}"
        for name, peak in peaks.items()
    ]


def _peaks(job: Job, config: dict, memory_of: MemoryOf) -> list[Peak]:
    names = job.wildcards
    if job.rule in TRAINING:
        return plan.training(config, names["model"], names["method"], names["task"], memory_of)
    if job.rule in GENERATING:
        model = names["model"]
        tokens = plan.longest_row(config, model)
        sampling = plan.generating(config, "models", model, tokens)
        return [*sampling, *plan.drift(config, model, tokens)] if job.rule == "drift" else sampling
    for part, name in (("teachers", "teacher"), ("judges", "judge")):
        if job.rule == name:
            limits = [task["max_new_tokens"] for task in config["tasks"].values()]
            return plan.generating(
                config, part, names[name], max(limits) + config["compute"]["longest_prompt"]
            )
    return []


def _bounded(shape: StepShape, room: float, memory_of: MemoryOf) -> StepMemory | None:
    """The memory of a step, where a rough bound leaves it open whether that fits."""
    return None if formulas.most(shape) <= room else memory_of(shape)
