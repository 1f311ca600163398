"""The memory plan: what each kind of GPU job of a configuration holds on each of its cards at its peak."""

import dataclasses
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tms.config import study, tasks
from tms.config.suite import tasks_of
from tms.generation.engines.interface import MEMORY_SHARE, ROLLOUT_SHARE
from tms.memory_plan import formulas
from tms.memory_plan.architecture import architecture, lora_parameters, parameters, within_context
from tms.memory_plan.longest import longest_images, longest_prompt, longest_row
from tms.memory_plan.shapes import GRPO, ROLLOUTS, ROWS, StepMemory, StepShape
from tms.memory_plan.simulators import simulator_cache, simulator_parts, simulator_remedy
from tms.memory_plan.towers import Towers, reading_bytes, reading_parts, training_bytes
from tms.training import devices, losses_by_name
from tms.vision.families import TRAINED

MemoryOf = Callable[[StepShape], StepMemory | None]


@dataclass(frozen=True)
class Peak:
    """The peak of a kind of job.

    Attributes:
        job: the rules and methods that have it, and what the job does then.
        cards: of the job.
        parts: bytes on each card, by what they are for.
        room: bytes on each card, without what stays free.
        shape: in words: rows, tokens, how the model is spread.
        remedies: settings that lower it, the first two that help.
    """

    job: str
    cards: int
    parts: dict[str, float]
    room: float
    shape: str
    remedies: tuple[str, ...]

    @property
    def total(self) -> float:
        return sum(self.parts.values())

    @property
    def fits(self) -> bool:
        return self.total <= self.room + 1

    def arithmetic(self) -> str:
        """The sum, in GB."""
        parts = " + ".join(f"{name} {size / 1e9:.1f}" for name, size in self.parts.items() if size >= 5e7)
        return f"{parts} = {self.total / 1e9:.1f} GB on each of {self.cards} cards"


def card_bytes(config: dict) -> float:
    """Bytes of a card."""
    return config["compute"]["gpu_memory_gb"] * 1e9


def room(config: dict) -> float:
    """Bytes of a card that a job may hold."""
    return (1 - formulas.SPARE) * card_bytes(config)


def step_shape(config: dict, model: str, method: str, task: str) -> StepShape | None:
    """The longest micro-batch of a training job; None without cards, or for a model that nothing tells of."""
    cards = study.gpus(config, model, "train")
    keys = architecture(config["models"][model]["base"]) if cards else None
    if keys is None:
        return None
    training = study.section(config, "training", model, method, task)
    most, kind = math.inf, ROWS
    if method in study.on_policy(config):
        most = study.section(config, "on_policy", model, method, task)["max_new_tokens"]
        kind = GRPO if config["methods"][method]["kind"] == "grpo" else ROLLOUTS
    trained_on = _trained_on(config, model, method, task)
    prompt = longest_prompt(config, trained_on)
    fsdp = training.get("fsdp", "auto")
    choice = {True: "on", False: "off"}.get(fsdp, fsdp)
    lora = training.get("lora")
    return StepShape(
        architecture=keys,
        kind=kind,
        processes=cards,
        sharded=cards > 1
        and not lora
        and devices.shards(choice, _parameters(config, model, keys), cards, card_bytes(config)),
        rows=training["device_batch"],
        tokens=within_context(keys, max(tasks.longest_row(config, one, prompt, most) for one in trained_on)),
        recompute=training.get("gradient_checkpointing", False),
        lora=lora,
        base=kind == ROWS and losses_by_name.reads_base(study.loss(config, model, method)),
    )


def _trained_on(config: dict, model: str, method: str, task: str) -> list[str]:
    """The tasks whose prompts a run trains on: its target's, and the one that it replays."""
    replay = study.replay(config, model, method)
    return [*tasks_of(task), *([replay["task"]] if replay and replay["task"] else [])]


def _parameters(config: dict, model: str, keys: dict) -> int:
    """Of a model's decoder and its towers."""
    return parameters(keys) + Towers.of(config["models"][model]["base"]).parameters


def of_model(config: dict, model: str, memory_of: MemoryOf) -> list[Peak]:
    """Peaks of all jobs of a model that take cards, each kind of job at its longest rows."""
    longest: dict[str, tuple[int, str, str]] = {}  # by all but the length, and by the kind's teacher
    for method in study.model_methods(config, model):
        if method in study.averages(config):
            continue  # it takes no card
        for task in study.suite(config, model).targets:
            if shape := step_shape(config, model, method, task):
                same = dataclasses.asdict(shape) | {"tokens": 0}
                kind = json.dumps(same | {"teacher": teacher_bytes(config, model, method, task, shape)})
                longest[kind] = max(longest.get(kind, (0, "", "")), (shape.tokens, method, task))
    peaks: list[Peak] = []
    for _, method, task in longest.values():
        found = training(config, model, method, task, memory_of)
        peaks += [peak for peak in found if peak not in peaks]  # on-policy methods sample alike
    benchmarks, answered = study.benchmarks(config, model), study.general_tasks(config, model)
    sampling = generating(config, "models", model, longest_row(config, [*benchmarks, *answered]), benchmarks)
    return [*peaks, *sampling, *drift(config, model, longest_row(config, benchmarks))]


def training(config: dict, model: str, method: str, task: str, memory_of: MemoryOf) -> list[Peak]:
    """Peaks of a training job: its step, and the sampling of an on-policy one; none where nothing tells."""
    shape = step_shape(config, model, method, task)
    if shape is None or (memory := memory_of(shape)) is None:
        return []
    beside = formulas.beside_weights(shape)
    parts = {
        "weights": memory.weights - beside,
        **({"base": beside} if beside else {}),
        "gradients": memory.gradients,
        "optimiser": memory.optimiser,
        "activations": memory.activations,
        "head and buffers": memory.working + formulas.step_buffers(shape),
        "CUDA": formulas.CONTEXT,
    }
    if (towers := Towers.of(config["models"][model]["base"])).vision:
        trained = study.section(config, "training", model, method, task).get("vision") == TRAINED
        images = longest_images(config, _trained_on(config, model, method, task))
        parts["towers"] = training_bytes(towers, shape, images, trained, memory)
    stage = {ROWS: "SFT, students", ROLLOUTS: "REINFORCE, TRAPO", GRPO: "GRPO"}[shape.kind]
    if shape.kind != ROWS and not (kind := study.kind_of(config, method)).rewarded:
        stage = kind.label
    spread = "sharded" if shape.sharded else "copied" if shape.processes > 1 else "one card"
    recompute = ", recomputed" if shape.recompute else ""
    adapters = f", LoRA of rank {shape.lora['rank']}" if shape.lora else ""
    base = ", beside the base" if shape.base else ""
    words = f"{shape.rows} x {shape.tokens:,} tokens, {spread}{recompute}{adapters}{base}"
    if shape.kind == ROWS:
        return [_peak(config, stage, shape.processes, parts, words, _remedies(shape, model))]
    parts["base"] = base_bytes(config, model, method, task, shape)
    parts["teacher"] = teacher_bytes(config, model, method, task, shape)
    learning = _peak(config, stage, shape.processes, parts, words, _remedies(shape, model))
    return [learning, *_beside_learning(config, model, shape, parts)]


def base_bytes(config: dict, model: str, method: str, task: str, shape: StepShape) -> float:
    """Bytes of the models that an on-policy job holds for its KL.

    For a KL term of GRPO TRL has the base once more: a copy in float32, or shards in bf16; of adapters it is
    the policy without them.
    """
    count = _parameters(config, model, shape.architecture)
    held = formulas.kl_weights(count, shape.processes, shape.sharded)
    if (
        shape.lora
        or shape.kind != GRPO
        or not study.section(config, "on_policy", model, method, task)["beta"]
    ):
        return held
    return held + (2 * count / shape.processes if shape.sharded else 4 * count)


def teacher_bytes(config: dict, model: str, method: str, task: str, shape: StepShape) -> float:
    """Bytes on a card of what a policy is distilled from: another model, or weights of its past (float32)."""
    kind = study.kind_of(config, method)
    if kind.rewarded:
        return 0
    if kind.taught:
        entry = config["teachers"][config["models"][model]["teacher"]]
        if keys := architecture(entry["model"]):
            return formulas.taught(keys, shape.processes)
        return 2 * entry.get("parameters", 0) / shape.processes
    trained = (
        lora_parameters(shape.architecture, shape.lora) if shape.lora else parameters(shape.architecture)
    )
    return formulas.DIVERGENCE_TILE + 4 * trained / (shape.processes if shape.sharded else 1)


def _beside_learning(config: dict, model: str, shape: StepShape, learning: dict) -> list[Peak]:
    """Peaks of an on-policy job between its steps: the rollouts, and the KL."""
    keys, cards = shape.architecture, shape.processes
    names = ("weights", "optimiser", "base", "teacher", "towers", "CUDA")
    held = {name: learning[name] for name in names if name in learning}
    measuring = held | {"head and buffers": formulas.kl_working(keys, cards, shape.tokens)}
    advice = (f"raise models.{model}.gpus.train (now {cards})", "lower on_policy.max_new_tokens")
    words = f"2 policies in float32, {shape.tokens:,} tokens"
    peaks = [_peak(config, "on-policy, KL", cards, measuring, words, advice)]
    vllm = study.engine(config, "models", model) == "vllm"
    if vllm:
        least = formulas.vllm_weights(keys, 1) + formulas.vllm_row(keys, 1, shape.tokens)
        least += reading_bytes(Towers.of(config["models"][model]["base"]), 2, shape.tokens)
        handed = 2 * 4 * keys["vocab_size"] * keys["hidden_size"]  # to vLLM
        taken = max(ROLLOUT_SHARE * card_bytes(config), least)
        sampling = held | {"head and buffers": handed, "vLLM": taken}
        words = f"vLLM takes {ROLLOUT_SHARE:.0%} of a card"
    else:
        sampling = held | {"head and buffers": formulas.vllm_working(keys, 1)}
        free = card_bytes(config) - sum(sampling.values())
        rows, sampling["KV cache"] = formulas.transformers_cache(keys, free, shape.tokens)
        words = f"{rows:,} rows of {shape.tokens:,} tokens at once, engine transformers"
    advice = (
        f"raise models.{model}.gpus.train (now {cards})",
        "set training.fsdp: true" if vllm else "lower on_policy.max_new_tokens",
    )
    return [*peaks, _peak(config, "on-policy, sampling", cards, sampling, words, advice)]


def _remedies(shape: StepShape, model: str) -> tuple[str, ...]:
    remedies = [f"lower training.device_batch (now {shape.rows})"] if shape.rows > 1 else []
    remedies += [] if shape.recompute else ["set training.gradient_checkpointing: true"]
    if not shape.lora:  # which is not sharded
        remedies += ["set training.fsdp: true"] if shape.processes > 1 and not shape.sharded else []
        remedies += [f"raise models.{model}.gpus.train (now {shape.processes})"]
    remedies += ["lower max_new_tokens of the task"]
    return tuple(remedies[:2])


def generating(config: dict, part: str, name: str, tokens: int, asked: Sequence[str] = ()) -> list[Peak]:
    """The peak of a job that generates: vLLM fills its share of the cards, engine transformers half of one.

    Args:
        config: the whole configuration.
        part: models, teachers or judges.
        name: of an entry there.
        tokens: of the longest row, prompt and completion.
        asked: tasks whose rows call tools there.
    """
    entry = config[part][name]
    cards = study.gpus(config, name, "generate") if part == "models" else entry.get("gpus", 0)
    folder = entry.get("base" if part == "models" else "model")
    keys = architecture(folder) if cards and folder else None
    if keys is None:
        return []
    tokens = within_context(keys, tokens)
    vllm = study.engine(config, part, name) == "vllm"
    cards = cards if vllm else 1  # of which transformers takes one
    held = {
        "weights": formulas.vllm_weights(keys, cards),
        "head and buffers": formulas.vllm_working(keys, cards),
        "CUDA": formulas.CONTEXT,
        **reading_parts(config, folder, 2 / cards),
        **simulator_parts(config, asked),
    }
    if vllm:
        row = formulas.vllm_row(keys, cards, tokens)
        left = MEMORY_SHARE * card_bytes(config) - sum(held.values())
        rows, cache = max(int(left // row), 0), max(left, row)
        count = f"{part}.{name}.gpus{'.generate' if part == 'models' else ''}"
        advice = (f"raise {count} (now {cards})", "lower max_new_tokens of the tasks")
    else:
        rows, cache = formulas.transformers_cache(keys, card_bytes(config) - sum(held.values()), tokens)
        cache = max(cache, simulator_cache(config, asked))
        smaller = simulator_remedy(config, asked) or f"set {part}.{name}.engine: vllm"
        advice = (smaller, "lower max_new_tokens of the tasks")
    words = f"{rows:,} rows of {tokens:,} tokens at once{'' if vllm else ', engine transformers'}"
    return [_peak(config, "generating", cards, held | {"KV cache": cache}, words, advice)]


def drift(config: dict, model: str, tokens: int) -> list[Peak]:
    """The peak of measuring divergence: policy and base on one card, and their logits."""
    cards = study.gpus(config, model, "generate")
    keys = architecture(config["models"][model]["base"]) if cards else None
    if keys is None:
        return []
    tokens = within_context(keys, tokens)
    held = {
        "weights": formulas.drift_weights(keys, card_bytes(config)),
        "head and buffers": formulas.drift_working(keys, tokens),
        "CUDA": formulas.CONTEXT,
        **reading_parts(config, config["models"][model]["base"], 4 * formulas.DRIFT_POLICIES),
    }
    words = f"{formulas.DRIFT_POLICIES} policies in float32, {tokens:,} tokens"
    advice = ("lower max_new_tokens of the tasks", "set compute.gpu_memory_gb to what the card has")
    return [_peak(config, "drift", 1, held, words, advice)]


def _peak(config: dict, job: str, cards: int, parts: dict, shape: str, remedies: tuple[str, ...]) -> Peak:
    return Peak(job, cards, parts, room(config), shape, remedies)
