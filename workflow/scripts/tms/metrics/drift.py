"""Held-out Policy-Label Divergence, its drift along a run, KL to the base (Sections 3.3, 4; Eq. 4.2).

Losses on other texts stand beside them, where no benchmark says what a model could do before.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tms.io.conversation import read_context
from tms.io.errors import InputError
from tms.io.progress import Progress
from tms.io.token_ids import own_tokens
from tms.metrics.divergence import Sequence, mean, sequence_kl, sequence_nll, token_mean
from tms.metrics.policy import load_policy
from tms.mixture.checkpoints import BASE, FINAL, parse_point
from tms.model_folder.digest import weights_digest
from tms.training.encoder import Encoder
from tms.training.examples import check_room, masking_reason

if TYPE_CHECKING:
    from tms.vision.prompt_images import PromptImages


@dataclass(frozen=True)
class Texts:
    """Texts whose loss is measured.

    Args:
        sequences: (prompt ids, text ids) of each.
        bytes: UTF-8 bytes of each: a loss in bits a byte compares over tokenizers.
    """

    sequences: list[Sequence]
    bytes: list[int]


def encode_passages(passages: list[str], encoder: Encoder) -> Texts:
    """Encode passages as plain text: no chat template, and every token of the text is predicted.

    The first one is predicted from the tokenizer's begin token (where it has none from its end token, or from
    the one that ends an answer), and no end is predicted after the last, as lm-eval measures it.
    """
    tokenizer = encoder.chat.tokenizer
    known = (tokenizer.bos_token_id, tokenizer.eos_token_id, encoder.end)
    before = next(token for token in known if token is not None)
    ids = [tokenizer(passage, add_special_tokens=False)["input_ids"] for passage in passages]
    return Texts([([before], text) for text in ids], [len(passage.encode()) for passage in passages])


def encode_answers(rows: list[dict], encoder: Encoder) -> Texts:
    """Encode whole answers to prompts, in the chat template; the end token's loss counts, it has no bytes.

    Args:
        rows: columns `context`, `prompt`, `completion`.
        encoder: the base's.
    """
    labels = [row | {"source": "teacher", "finish_reason": "stop"} for row in rows]
    sequences, _ = encode_supervision(labels, encoder)
    # The turns of an episode have no bytes of their own: its tags and calls are the template's.
    texts = ["" if read_context(row.get("context", "")).tools else row["completion"] for row in rows]
    return Texts(sequences, [len(encoder.chat.plain(text).encode()) for text in texts])


def encode_supervision(
    rows: list[dict], encoder: Encoder, longest: float = math.inf
) -> tuple[list[Sequence], int]:
    """Encode supervised rows, without those that training masks too.

    Args:
        rows: columns `context`, `prompt`, `source`, `completion`, `completion_ids`, `finish_reason`.
        encoder: the base's.
        longest: tokens of a completion, the end token included, above which training masks it.

    Returns:
        (prompt ids, completion ids) of the other rows, and the number of rows left out.

    Raises:
        InputError: the base's context does not hold a row.
    """
    encoder.read(rows)
    encoded = [(row, encoder.prompt(row), encoder.completion(row)) for row in rows]
    kept = [entry for entry in encoded if masking_reason(*entry, longest) is None]
    check_room([(row, len(prompt) + len(completion)) for row, prompt, completion in kept], encoder)
    return [(prompt, completion) for _, prompt, completion in kept], len(rows) - len(kept)


class Loss(NamedTuple):
    """Loss on texts: its means with their standard errors, and the NLL of each text (nats)."""

    means: dict
    sums: list[float]


def text_loss(model, texts: Texts, what: str) -> Loss:
    """Loss of a model on texts: their NLL (nats) per token and per sequence, and in bits a byte.

    Raises:
        InputError: there is no text, or the numbers are not finite.
    """
    loss, sums = _loss(model, texts.sequences, what)
    return Loss(loss | _bits_per_byte("", sums, texts), sums)


def change(base: Loss, end: Loss, texts: Texts) -> dict:
    """Change of a loss from theta_0 to the end of a run; its standard error is of paired differences, text
    by text, which is mostly far below that of either loss."""
    differences = [after - before for before, after in zip(base.sums, end.sums, strict=True)]
    nats, stderr = token_mean(differences, [own_tokens(text) for _, text in texts.sequences])
    in_nats = {"change_per_token": nats, "change_per_token_stderr": stderr}
    return in_nats | _bits_per_byte("change_", differences, texts)


def _bits_per_byte(prefix: str, sums: list[float], texts: Texts) -> dict:
    """A mean of nats over bytes, in bits; nothing of texts without bytes."""
    if not any(texts.bytes):
        return {}
    nats, stderr = token_mean(sums, texts.bytes)
    return {
        f"{prefix}bits_per_byte": nats / math.log(2),
        f"{prefix}bits_per_byte_stderr": stderr / math.log(2),
    }


def policy_label_divergence(model, sequences: list[Sequence], what: str) -> dict:
    """PLD of a policy on supervised sequences: their NLL (nats) per token and per sequence."""
    return _loss(model, sequences, what)[0]


def _loss(model, sequences: list[Sequence], what: str) -> tuple[dict, list[float]]:
    with Progress(len(sequences), what, "rows") as progress:
        sums = sequence_nll(model, sequences, progress.advance)
    return summary(sums, [own_tokens(completion) for _, completion in sequences], what), sums


def kl_divergence(
    policy, other, sequences: list[Sequence], prompts: list[str], what: str
) -> tuple[dict, list[float]]:
    """KL(policy || other) on samples of the policy (nats): per token and per sequence, and of each sample.

    Samples of one prompt are no independent draws, so standard errors are over prompts.

    Args:
        policy, other: models of one vocabulary.
        sequences: a prompt's and a sample's token ids each.
        prompts: of each sequence its prompt's id; every prompt has as many samples.
        what: words for messages.
    """
    with Progress(len(sequences), what, "rows") as progress:
        sums = sequence_kl(policy, other, sequences, progress.advance)
    counts = [own_tokens(completion) for _, completion in sequences]
    return summary(sums, counts, what, prompts), sums


def kl_both_ways(policy: Path, base: Path, encoder: Encoder, samples: dict[str, list[dict]]) -> dict:
    """KL(pi || pi_0) on samples of pi and KL(pi_0 || pi) on samples of pi_0, for each prompt set.

    Each sample gets its own KL, in column `kl`.

    Args:
        policy, base: model folders.
        encoder: the base's.
        samples: of `policy` and `base`; column `prompts` names the set.
    """
    folders, images = {"policy": policy, "base": base}, encoder.chat.images
    models = {who: load_policy(folder, models=2, images=images) for who, folder in folders.items()}
    measured: dict[str, dict] = {}
    for who, other in (("policy", "base"), ("base", "policy")):
        for name in dict.fromkeys(row["prompts"] for row in samples[who]):
            drawn = [row for row in samples[who] if row["prompts"] == name]
            encoder.read(drawn)
            sequences = [(encoder.prompt(row), row["completion_ids"]) for row in drawn]
            prompts = [row["example_id"] for row in drawn]
            what = f"KL({who}, {other}) on {name}"
            kl, sums = kl_divergence(models[who], models[other], sequences, prompts, what)
            for row, value in zip(drawn, sums, strict=True):
                row["kl"] = value
            truncated = sum(row["finish_reason"] == "length" for row in drawn)
            measured.setdefault(name, {})[f"{who}_{other}"] = kl | {"truncated": truncated}
    return measured


def losses_along(
    trajectory: dict[str, Path],
    end: Path,
    at_end: dict[str, Loss],
    texts: dict[str, Texts],
    train: list[Sequence],
    images: PromptImages | None = None,
) -> tuple[dict[str, dict[str, dict]], dict[str, dict]]:
    """Losses of a run's checkpoints on texts, and on training references where there are any.

    Args:
        trajectory: point -> model folder.
        end: folder of the trained model; a checkpoint that is equal to it is not measured again.
        at_end: its loss on each of the texts.
        texts: by name; "" are the references to held-out prompts.
        train: training references.
        images: in the prompts; None: there are none.

    Returns:
        Name -> point -> loss, in the order of the run, that of its end with the `change` from theta_0 where
        this is among the points; and point -> loss on the training references.
    """
    losses: dict[str, dict[str, Loss]] = {name: {} for name in texts}
    on_train: dict[str, dict] = {}
    for point in sorted(trajectory, key=parse_point):
        known = weights_digest(trajectory[point]) == weights_digest(end)
        policy = None if known and not train else load_policy(trajectory[point], images=images)
        for name, text in texts.items():
            what = f"loss on {name} {point}" if name else f"pld_ref {point}"
            losses[name][point] = at_end[name] if known else text_loss(policy, text, what)
        if train:
            on_train[point] = policy_label_divergence(policy, train, f"training NLL {point}")
        del policy  # before the next one is loaded
    found = {name: {point: loss.means for point, loss in of.items()} for name, of in losses.items()}
    for name, of in losses.items():
        if {BASE, FINAL} <= of.keys():
            found[name][FINAL] = of[FINAL].means | change(of[BASE], of[FINAL], texts[name])
    return found, on_train


def summary(sums: list[float], counts: list[int], what: str, draws: list[str] | None = None) -> dict:
    """Per-token and per-sequence means with standard errors over the independent draws.

    Args:
        sums: nats of each sequence.
        counts: tokens of each sequence.
        what: words for messages.
        draws: of each sequence the draw that it belongs to, all of as many sequences; None: each is its own.

    Raises:
        InputError: there is no sequence, or the numbers are not finite.
    """
    if not sums:
        raise InputError(f"{what}: no sequence to measure; look at the rows of its input file")
    of_draws: dict[object, list[int]] = {}
    for place, draw in enumerate(draws or range(len(sums))):
        of_draws.setdefault(draw, []).append(place)
    nats = [math.fsum(sums[place] for place in places) for places in of_draws.values()]
    tokens = [sum(counts[place] for place in places) for places in of_draws.values()]
    per_token, per_token_stderr = token_mean(nats, tokens)
    per_sequence, per_sequence_stderr = mean(
        [total / len(places) for total, places in zip(nats, of_draws.values(), strict=True)]
    )
    if not per_sequence < float("inf"):
        raise InputError(f"{what}: {per_sequence} is no finite number; check the model's weights")
    return {
        "per_token": per_token,
        "per_token_stderr": per_token_stderr,
        "per_sequence": per_sequence,
        "per_sequence_stderr": per_sequence_stderr,
        "n": len(of_draws),
        "tokens": sum(counts),
    }
