"""A model card's lines on how a run was trained: its settings, and whose answers it learned from."""

from tms.config import study
from tms.config.stages.mixture import mixture_weights
from tms.mixture.checkpoints import BASE, FINAL
from tms.mixture.replay import GENERAL
from tms.model_card.card import Run, teacher_text
from tms.training import losses_by_name
from tms.training.health import teacher_share

# Keys of `on_policy` that one algorithm reads (`MethodKind.keys`).
ALGORITHM_WORDS = {
    "beta": "weight of the KL term",
    "baseline_decay": "decay of the moving average of rewards",
    "entropy_bonus": "weight of the entropy bonus",
    "divergence": "divergence, from 0, KL(teacher to policy), to 1, KL(policy to teacher)",
    "sdft_template": "what the teacher reads",
    "teacher_average": "share of the policy that the teacher takes over at each step",
}


def setting_rows(config: dict, run: Run, optimizer_steps: int, trained_tokens: int) -> list[tuple[str, str]]:
    """Label and value of each setting that made the run, from the configuration and its cost file."""
    training = study.section(config, "training", run.model, run.method, run.task)
    rate, longest = training["learning_rate"], config["tasks"][run.task]["max_new_tokens"]
    rows = []
    if run.method in study.students(config):
        mixture = mixture_weights(config, run.model, run.method)
        harvest = study.section(config, "harvest", run.model, run.method)
        tms = study.section(config, "tms", run.model, run.method)
        rows += [
            ("alpha: probability of the teacher's answer", f"{mixture.alpha:g}"),
            ("checkpoints that answer (fraction of the run: weight)", weights_text(mixture)),
            ("number of these checkpoints", str(len(mixture.points))),
            ("trajectory", tms["trajectory"]),
            (
                "sampling of their answers",
                f"temperature {harvest['temperature']:g}, top-p {harvest['top_p']:g}",
            ),
            ("sampled answers trained on", harvest["keep"]),
        ]
    if run.method in study.on_policy(config):
        chosen = study.section(config, "on_policy", run.model, run.method, run.task)
        rows += _on_policy_rows(config, run, chosen)
        rate, longest = chosen["learning_rate"], min(longest, chosen["max_new_tokens"])
    elif (loss := study.loss(config, run.model, run.method)) != losses_by_name.NLL:
        rows.append(("loss", losses_by_name.load(loss).WORDS.format(**training)))
    if replay := study.replay(config, run.model, run.method):
        rows.append(("share of the visits that are general prompts", f"{replay['share']:g}"))
    return [
        *rows,
        *_lora_rows(training.get("lora")),
        ("learning rate", f"{rate * training['learning_rate_scale']:g}"),
        ("effective batch", str(training["effective_batch"])),
        *_schedule_rows(config, run, training),
        ("AdamW's betas", f"{training['adam_beta1']:g} and {training['adam_beta2']:g}"),
        ("weight decay", f"{training['weight_decay']:g}"),
        ("gradients clipped at norm", f"{training['max_grad_norm']:g}"),
        ("optimiser steps", str(optimizer_steps)),
        ("tokens with loss", str(trained_tokens)),
        ("longest completion, tokens", str(longest)),
        ("seed", str(run.seed)),
    ]


def target_rows(facts: dict) -> list[tuple[str, str]]:
    """Label and value of the targets that a student, or a run with general prompts, trained on.

    Args:
        facts: of its health.json.
    """
    rows, masked = [], sum(facts["masked"].values())
    kept, tokens = facts["sources"], facts["tokens"]
    if GENERAL in facts["planned"]:
        of_targets, of_tokens = (counts.get(GENERAL, 0) / sum(counts.values()) for counts in (kept, tokens))
        label = "the general prompts' share of the targets with loss"
        rows.append((label, f"{of_targets:.1%}, and {of_tokens:.1%} of their tokens"))
    if facts["alpha"] is not None:
        alpha = f"{teacher_share(kept):.1%}, and {teacher_share(tokens):.1%} of their tokens"
        rows.append(("the teacher's share of the targets with loss (the effective alpha)", alpha))
    return [*rows, ("targets without loss", f"{masked} of {facts['targets']}")]


def _lora_rows(lora: dict | None) -> list[tuple[str, str]]:
    """Settings of the adapters of a LoRA run; none of another."""
    return [("LoRA", ", ".join(f"{name} {value}" for name, value in lora.items()))] if lora else []


def _on_policy_rows(config: dict, run: Run, chosen: dict) -> list[tuple[str, str]]:
    """Settings that the algorithm of an on-policy run reads, beside those of all training."""
    samples = study.rollouts(config, run.model, run.method, run.task)
    return [
        ("answers sampled of a prompt and visit", str(samples)),
        ("their sampling", f"temperature {chosen['temperature']:g}, top-p {chosen['top_p']:g}"),
        *((ALGORITHM_WORDS[key], _value(chosen[key])) for key in study.kind_of(config, run.method).keys),
        ("as much as SFT of", chosen["budget"]),
    ]


def _value(value: float | str) -> str:
    """A setting in a table: a text with line breaks in one line."""
    return " / ".join(filter(None, value.splitlines())) if isinstance(value, str) else f"{value:g}"


def _schedule_rows(config: dict, run: Run, training: dict) -> list[tuple[str, str]]:
    """The learning rate's course; it does not fall where the steps are not known beforehand."""
    if run.method in study.on_policy(config):
        budget = study.section(config, "on_policy", run.model, run.method, run.task)["budget"]
        if budget == "tokens" or "warmup" not in study.kind_of(config, run.method).training_keys:
            return [("schedule", "constant")]
    return [("schedule", "cosine"), ("warm-up, share of the steps", f"{training['warmup']:g}")]


def weights_text(mixture) -> str:
    """Checkpoints and their weights, e.g. `1/2: 0.5, end: 0.5`; checkpoints of weight 0 are left out."""
    ends = {BASE: "base", FINAL: "end"}
    names = [ends.get(point, point.replace("of", "/")) for point in mixture.points]
    pairs = zip(names, mixture.weights, strict=True)
    return ", ".join(f"{name}: {weight:.3g}" for name, weight in pairs if weight)


def answers_text(config: dict, run: Run, task: str) -> str:
    """The source of the answers that the run learned from, for one of its tasks, as a line of Markdown."""
    written = teacher_text(config, run.model, task)
    if run.method not in study.on_policy(config):
        return written
    kind = study.kind_of(config, run.method)
    scored = f", scored by the grader of kind {config['tasks'][task]['kind']}" if kind.rewarded else ""
    return f"the model's own{scored}. The references, {kind.references}: {written}"
