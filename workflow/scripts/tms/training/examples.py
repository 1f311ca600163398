"""Training rows as token ids with loss masks."""

from collections import Counter
from dataclasses import dataclass
from math import ceil, inf

from tms.io.conversation import read_context
from tms.io.errors import InputError
from tms.io.token_ids import longest_turn, model_ids, own_tokens
from tms.mixture.replay import GENERAL, Replay
from tms.mixture.schedule import visits

IGNORED = -100  # label of a token without loss
UNTARGETED = -200  # of one where a loss compares distributions, and no token is right (KL on general prompts)


@dataclass(frozen=True)
class TrainingExample:
    """One training sequence.

    `labels[i]` is `input_ids[i]` where that token is learned (completion and end token), `UNTARGETED` where
    it is in the loss and is not, else `IGNORED`; a model predicts `labels[i + 1]` at position i.
    """

    input_ids: list[int]
    labels: list[int]

    @property
    def trained_tokens(self) -> int:
        return sum(label != IGNORED for label in self.labels)


@dataclass(frozen=True)
class TrainingSet:
    """The targets of a run in training order, and how many of them carry no loss and why.

    Attributes:
        targets: of each visit.
        masked: reason, "length" (sampled text cut at its limit), "too long" or "rejected" -> rows without
            loss.
        planned: source, "teacher", "checkpoint 3of10" or "general" -> rows.
        sources: source -> rows with loss.
        tokens: source -> tokens with loss.
        cut: source -> rows cut at their limit.
        ended: tokens of each completion of a checkpoint that ended (with tools of its longest turn), in
            ascending order.
    """

    targets: list[TrainingExample]
    masked: Counter[str]
    planned: Counter[str]
    sources: Counter[str]
    tokens: Counter[str]
    cut: Counter[str]
    ended: list[int]

    @property
    def trained_tokens(self) -> int:
        return sum(target.trained_tokens for target in self.targets)

    def facts(self) -> dict:
        """The facts that `tms.training.health` judges, as far as the targets tell them."""
        names = ("masked", "planned", "sources", "tokens", "cut")
        counts = {name: dict(getattr(self, name)) for name in names}
        usual, longest = (
            (self.ended[ceil(0.95 * len(self.ended)) - 1], self.ended[-1]) if self.ended else (0, 0)
        )
        return {"targets": len(self.targets), **counts, "ended": {"usual": usual, "longest": longest}}

    def summary(self) -> str:
        """One line for the log: rows, tokens, and the rates of masked rows."""
        n = len(self.targets)
        rates = ", ".join(f"{count} {reason} ({count / n:.1%})" for reason, count in self.masked.items())
        return f"{n} rows, {self.trained_tokens} tokens in the loss; masked: {rates or 'none'}"


def from_references(
    rows: list[dict], encoder, total: int, seed: int, max_new_tokens: int, replay: Replay | None = None
) -> TrainingSet:
    """TrainingSet of the baseline SFT: each epoch visits each reference once, until `total` visits are made.

    Args:
        rows: references (columns `example_id`, `context`, `prompt`, `completion`).
        encoder: the student's (`tms.training.encoder.Encoder`).
        total, seed: visits (`schedule.total_visits`), and the seed of their order.
        max_new_tokens: completions with more tokens, the end token included, get no loss; of one with tools
            each turn counts by itself, and `tokens` of its environment are the limit of the row.
        replay: what replaces a share of the visits by general prompts with the base's answers; None: nothing.
    """
    by_id = {row["example_id"]: row | {"source": "teacher", "finish_reason": "stop"} for row in rows}
    order = visits(list(by_id), total, seed)
    ordered = [by_id[example_id] | {"epoch": epoch} for epoch, _, example_id in order]
    return _training_set(ordered, encoder, max_new_tokens, replay)


def from_mixture(rows: list[dict], encoder, max_new_tokens: int, replay: Replay | None = None) -> TrainingSet:
    """TrainingSet of a student (Algorithm 1), in order of position.

    Args:
        rows: mixture rows of one split. Those whose finish_reason is not "stop" keep their place, without
            loss.
        encoder: the student's (`tms.training.encoder.Encoder`).
        max_new_tokens, replay: as in `from_references`.
    """
    ordered = sorted(rows, key=lambda row: row["position"])
    return _training_set(ordered, encoder, max_new_tokens, replay)


def masking_reason(row: dict, prompt: list[int], completion: list[int], max_new_tokens: float) -> str | None:
    """Why a row carries no loss: its finish_reason where that is not "stop", or "too long"; None: it does.

    Args:
        row: columns `finish_reason` and, where messages or tools stand before its prompt, `context`.
        prompt, completion: token ids.
        max_new_tokens: of a turn; infinite: nothing is too long, also no row with tools, whose environment
            may state a limit of the row.
    """
    if row["finish_reason"] != "stop":
        return row["finish_reason"]
    if max_new_tokens == inf:
        return None
    most = read_context(row.get("context", "")).environment.get("tokens", inf)
    long = longest_turn(completion) > max_new_tokens or len(prompt) + len(completion) > most
    return "too long" if long else None


def _training_set(rows: list[dict], encoder, max_new_tokens: int, replay: Replay | None) -> TrainingSet:
    targets, kept, ended = [], [], []
    masked, planned, sources, tokens, cut = (Counter() for _ in range(5))
    rows = replay.of(rows) if replay else rows
    encoder.read(rows)
    for row in rows:
        source = f"checkpoint {row['checkpoint']}" if row["source"] == "checkpoint" else row["source"]
        planned[source] += 1
        prompt, completion = encoder.prompt(row), encoder.completion(row)
        # The base's answers have a limit of their own, and are learned up to it: without those that it cut,
        # only short ones would be rehearsed.
        given = row["source"] == GENERAL
        reason = None if given else masking_reason(row, prompt, completion, max_new_tokens)
        if row["finish_reason"] == "length":
            cut[source] += 1
        elif row["source"] == "checkpoint":
            ended.append(longest_turn(completion))
        if reason is None:
            sources[source] += 1
            tokens[source] += own_tokens(completion)
            kept.append((row, len(prompt) + len(completion)))
            untargeted = source == GENERAL and not replay.learned
            labels = [IGNORED if token < 0 else UNTARGETED if untargeted else token for token in completion]
            ids = [*prompt, *model_ids(completion)]
            targets.append(TrainingExample(ids, [IGNORED] * len(prompt) + labels))
        else:
            targets.append(masked_target(prompt[0]))
            masked[reason] += 1
    check_room(kept, encoder)
    return TrainingSet(targets, masked, planned, sources, tokens, cut, sorted(ended))


def check_turns(rows: list[dict], encoder, turn: int) -> None:
    """Check that each prompt leaves room for a turn in its row, as those who sample it after a training do.

    Args:
        rows: columns `example_id`, `context`, `prompt`; those whose environment states no limit have room.
        encoder: the model's.
        turn: most tokens of a turn.

    Raises:
        InputError: some do not, naming the longest.
    """
    encoder.read(rows)
    longest, without = (0, ""), 0
    for row in rows:
        tokens = len(encoder.prompt(row))
        if tokens + turn > read_context(row["context"]).environment.get("tokens", inf):
            longest, without = max(longest, (tokens, row["example_id"])), without + 1
    if without:
        tokens, example = longest
        raise InputError(
            f"{without} of {len(rows)} prompts leave no room for a turn of {turn} tokens, the longest is "
            f"example {example} with {tokens}; set options.tokens of its task in the config to "
            f"{tokens + turn} or more, or lower its max_new_tokens"
        )


def check_room(rows: list[tuple[dict, int]], encoder) -> None:
    """Check that the model's context holds each row.

    Args:
        rows: with the tokens of prompt, messages before it, and answer.
        encoder: the model's.

    Raises:
        InputError: it does not, naming the longest row.
    """
    context = encoder.chat.context_length
    longer = [(row, tokens) for row, tokens in rows if tokens > context]
    if longer:
        row, tokens = max(longer, key=lambda pair: pair[1])
        raise InputError(
            f"{len(longer)} of {len(rows)} rows are longer than the context of {encoder.chat.folder} "
            f"({context} tokens), the longest is example {row.get('example_id')} with {tokens}; shorten "
            f"their prompts, or leave them out of the data"
        )


def empty_steps(targets: list[TrainingExample], effective_batch: int) -> list[int]:
    """Optimiser steps, from 0, of which no row has a token with loss."""
    return [
        first // effective_batch
        for first in range(0, len(targets), effective_batch)
        if not any(target.trained_tokens for target in targets[first : first + effective_batch])
    ]


def masked_target(token: int) -> TrainingExample:
    """A row without loss, kept in its place at the cost of a single token."""
    return TrainingExample([token], [IGNORED])
