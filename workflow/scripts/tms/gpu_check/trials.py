"""Trials of a training shape: whole where the cards are there, else with fewer layers; and what follows."""

from dataclasses import dataclass

from tms.gpu_check.shapes import Shape, parameters
from tms.memory_plan.formulas import kl_weights, vllm_weights
from tms.training.devices import COPIED_BYTES, FROZEN_BYTES, STATE_BYTES

ROOM = 0.5  # share of a card that weights, gradients and moments of a trial may take


@dataclass(frozen=True)
class Trial:
    """Steps of a shape with so many layers in so many processes."""

    layers: int
    processes: int


@dataclass(frozen=True)
class Measured:
    """Memory and time of a shape on its configured cards.

    Attributes:
        peak_bytes: on a card.
        flops: 6 x parameters x tokens a second and card.
        tokens_a_second: over all cards.
        how: words where it was not measured at full size; else empty.
    """

    peak_bytes: float
    flops: float
    tokens_a_second: float
    how: str


def plan(shape: Shape, cards: int, card_bytes: int | None) -> list[Trial]:
    """The trials of a shape on so many cards; none where it does not fit with two layers.

    Args:
        shape: of the configuration.
        cards: at hand.
        card_bytes: memory of one; None on a CPU.
    """
    wanted = max(shape.cards, 1)
    if cards >= wanted:
        return [Trial(shape.layers, wanted)]
    sharded = shape.sharded(card_bytes)

    def fits(layers: int) -> bool:
        return card_bytes is None or state_bytes(shape, layers, sharded, cards) <= ROOM * card_bytes

    most = max((layers for layers in range(2, shape.layers + 1) if fits(layers)), default=0)
    if most == shape.layers:
        return [Trial(most, cards)]
    return [Trial(most // 2, cards), Trial(most, cards)] if most else []


def state_bytes(shape: Shape, layers: int, sharded: bool, processes: int) -> float:
    """Weights, gradients and moments of a process: 16 bytes a parameter, and 4 of buckets between copies; of
    frozen ones, beside which adapters are small, 2.

    On-policy, the weights for the KL come with them.
    """
    count = parameters(shape.architecture, layers)
    if shape.lora:
        kl = kl_weights(count, processes, sharded=False) if shape.part == "on-policy" else 0
        return FROZEN_BYTES * count + kl
    kl = kl_weights(count, processes, sharded) if shape.part == "on-policy" else 0
    if sharded:
        return STATE_BYTES * count / processes + kl
    return (COPIED_BYTES if processes > 1 else STATE_BYTES) * count + kl


def generating(shape: Shape, cards: int, card_bytes: int | None) -> Trial | None:
    """The trial of generating with a shape; None where even one layer does not fit.

    On fewer cards than configured it takes as many as can share it in the same way, and as many layers as
    leave half of a card to the rest.
    """
    wanted = max(shape.generating_cards, 1)
    if cards >= wanted or card_bytes is None:
        return Trial(shape.layers, wanted)
    processes = max(count for count in range(1, cards + 1) if wanted % count == 0)

    def fits(layers: int) -> bool:
        held = vllm_weights(shape.architecture | {"num_hidden_layers": layers}, processes)
        return held <= ROOM * card_bytes

    layers = max((layers for layers in range(1, shape.layers + 1) if fits(layers)), default=0)
    return Trial(layers, processes) if layers else None


def combine(shape: Shape, trials: list[Trial], found: list[dict], card_bytes: int | None) -> Measured:
    """Memory and time of a shape on its configured cards, from its trials.

    Without the state, peak memory and seconds are linear in the number of layers (embedding and head are the
    same in each trial). The state follows from the parameters and the number of cards.

    Args:
        shape: of the configuration.
        trials: one, or two with different numbers of layers.
        found: of each, as `tms.gpu_check.steps.ShortRun.found` returns it.
        card_bytes: memory of a card; None on a CPU.
    """
    sharded, wanted = shape.sharded(card_bytes), max(shape.cards, 1)
    processes = trials[-1].processes
    layers = [trial.layers for trial in trials]
    seconds = at(shape.layers, layers, [one["seconds"] for one in found])
    peak = found[-1]["peak_bytes"]
    how = ""
    if (layers[-1], processes) != (shape.layers, wanted):
        rest = [
            one["peak_bytes"] - state_bytes(shape, trial.layers, sharded, processes)
            for trial, one in zip(trials, found, strict=True)
        ]
        peak = at(shape.layers, layers, rest) + state_bytes(shape, shape.layers, sharded, wanted)
        of_layers = (
            f"{' and '.join(map(str, layers))} of {shape.layers} layers on " if len(layers) > 1 else ""
        )
        how = f"extrapolated from {of_layers}{processes} of {wanted} cards"
    tokens = found[-1]["tokens"] / seconds / processes
    return Measured(peak, 6 * shape.parameters * tokens, tokens * wanted, how)


def at(layers: int, known: list[int], values: list[float]) -> float:
    """The line through one or two points, at so many layers; through one point, its value."""
    if len(known) == 1:
        return values[0]
    slope = (values[1] - values[0]) / (known[1] - known[0])
    return values[1] + slope * (layers - known[1])
