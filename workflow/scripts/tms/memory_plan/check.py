"""The check of planned jobs against the memory of their cards."""

from collections.abc import Iterable

from tms.config import study
from tms.config.joint_targets import own_tasks
from tms.config.tasks import has_images
from tms.memory_plan import formulas, plan
from tms.memory_plan.longest import longest_judged, longest_row
from tms.memory_plan.plan import MemoryOf, Peak
from tms.memory_plan.shapes import StepMemory, StepShape
from tms.memory_plan.towers import Towers
from tms.planned_jobs.jobs import GENERATING, TRAINING, Job

PASSING = ("drift", "likelihoods")  # forward passes in float32


def peaks(jobs: Iterable[Job], config: dict, memory_of: MemoryOf) -> dict[str, Peak]:
    """The peak of each kind of job on its cards, by words that name it.

    Args:
        jobs: planned; those without cards are not looked at, nor those that fit by a rough bound.
        config: the whole configuration.
        memory_of: of `tms.memory_plan.store.Store`, or what finds the memory of a step in another way.
    """
    by_name: dict[str, Peak] = {}
    seen = set()
    for job in jobs:
        kind = (job.rule, *map(job.wildcards.get, ("model", "method", "task", "teacher", "judge")))
        if not job.gpus or kind in seen:
            continue
        seen.add(kind)
        for peak in _peaks(job, config, lambda shape: _bounded(shape, plan.room(config), memory_of)):
            who = job.wildcards.get("model", "")
            by_name.setdefault(f"{job.rule} {who}".strip() + f" ({peak.job}; {peak.shape})", peak)
    return by_name


def faults(peaks: dict[str, Peak], config: dict) -> list[str]:
    """A line for each kind of job that would not fit on its cards: the sum, and two settings that help."""
    card = f"compute.gpu_memory_gb {config['compute']['gpu_memory_gb']:g}, a tenth to spare"
    return [
        f"memory: {name}: {peak.arithmetic()}, which may hold {peak.room / 1e9:.1f} ({card}); "
        f"{' or '.join(peak.remedies)}"
        for name, peak in peaks.items()
        if not peak.fits
    ]


def largest(peaks: dict[str, Peak]) -> str:
    """The job that holds most on a card, with its sum, beside the jobs of vLLM, which fill their share."""
    if not (trained := {name: peak for name, peak in peaks.items() if "KV cache" not in peak.parts}):
        return ""
    name = max(trained, key=lambda name: trained[name].total)
    return f"; at most on a card: {name}: {trained[name].arithmetic()}"


def unsampled(jobs: Iterable[Job], config: dict) -> list[str]:
    """A line for each model whose policy would be in shards, from which engine transformers cannot sample."""
    lines: dict[str, str] = {}
    for job in jobs:
        if job.rule != "train_on_policy" or not job.gpus:
            continue
        model, method, task = (job.wildcards[name] for name in ("model", "method", "task"))
        shape = plan.step_shape(config, model, method, task)
        if shape and shape.sharded and study.engine(config, "models", model) == "transformers":
            lines[model] = (
                f"on-policy jobs of {model} would share its policy over {shape.processes} cards, from which "
                f"engine transformers cannot sample; set models.{model}.engine: vllm, or training.fsdp: false"
            )
    return [*lines.values()]


def _peaks(job: Job, config: dict, memory_of: MemoryOf) -> list[Peak]:
    names = job.wildcards
    if job.rule in TRAINING:
        return plan.training(config, names["model"], names["method"], names["task"], memory_of)
    if job.rule in (*GENERATING, *PASSING):
        model = names["model"]
        answered = [names["task"]] if job.rule == "answer_general" else study.benchmarks(config, model)
        tokens = longest_row(config, answered)
        sampling = []
        if job.rule in GENERATING:
            sampling = plan.generating(config, "models", model, tokens, answered)
        return [*sampling, *plan.drift(config, model, tokens)] if job.rule in PASSING else sampling
    for part, name in (("teachers", "teacher"), ("judges", "judge")):
        if job.rule == name:
            reads = Towers.of(config[part][names[name]].get("model", "")).vision
            asked = [task for task in _asked(config, names) if reads or not has_images(config, task)]
            if not asked:
                return []
            if name == "teacher":
                return plan.generating(config, part, names[name], longest_row(config, asked), asked)
            # A judge's prompt holds the whole row, answer included, and it writes an answer of its own.
            written = config[part][names[name]]["max_new_tokens"]
            return plan.generating(config, part, names[name], longest_judged(config, asked) + written)
    return []


def _asked(config: dict, names: dict[str, str]) -> list[str]:
    """The tasks whose rows a teacher's or a judge's job reads, by its wildcards."""
    if "teacher" in names:
        return [names["task"]]
    return [task for task in own_tasks(config) if config["tasks"][task].get("judge") == names["judge"]]


def _bounded(shape: StepShape, room: float, memory_of: MemoryOf) -> StepMemory | None:
    """The memory of a step, where a rough bound leaves it open whether that fits."""
    return None if formulas.most(shape) <= room else memory_of(shape)
