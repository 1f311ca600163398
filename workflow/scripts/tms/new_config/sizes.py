"""Sizes of a first run: longest completion, steps, batches, learning rate, cards."""

import math
from dataclasses import dataclass

T = 10  # checkpoints of a TMS run, `tms.num_checkpoints`
STEPS = 4 * T  # aimed at: neighbouring checkpoints are then four steps apart
FEWEST = 2 * T  # below, checkpoints are crowded (`tms.mixture.schedule.crowded`)
BATCHES = (128, 64, 32, 16, 8, 4)
EPOCHS, MOST_EPOCHS = 3, 20
CUT = 0.01  # share of the answers that may be longer than `max_new_tokens`
# The checkpoints answer too, the early ones at the base's length: an answer that is cut off is not learned.
ROOM, SHORTEST = 2, 256
# Parameters below which a learning rate is tried first (`learning_rate` has the sources).
RATES = ((1e7, 1.0e-3), (1e8, 3.0e-4), (2e9, 9.0e-5), (4e9, 2.0e-5), (math.inf, 5.0e-6))
RATE = 2.0e-5  # of a model whose size is not known, as the shipped `training.learning_rate`
LORA_RATE = 2.0e-4
EXACT = 2e9  # parameters below which checkpoints have float32: T of them then take at most 80 GB
TRAINED, USED = 20, 0.8  # bytes a parameter that training holds; share of a card for them


@dataclass(frozen=True)
class Schedule:
    """Passes over the training rows, examples of an optimiser step, and steps."""

    epochs: int
    batch: int
    steps: int


def schedule(rows: int) -> Schedule:
    """The schedule of a run on so many rows: the largest batch with enough steps for T checkpoints, and more
    passes where even the smallest one has too few."""
    epochs = EPOCHS
    batch = next((size for size in BATCHES if _steps(rows, epochs, size) >= STEPS), BATCHES[-1])
    if _steps(rows, epochs, batch) < FEWEST:
        epochs = min(math.ceil(FEWEST * batch / rows), MOST_EPOCHS)
    if _steps(rows, epochs, batch) < FEWEST:
        batch = max(1, rows * epochs // FEWEST)
    return Schedule(epochs, batch, _steps(rows, epochs, batch))


def _steps(rows: int, epochs: int, batch: int) -> int:
    return -(-rows * epochs // batch)


def longest_completion(answers: list[int], longest_prompt: int, context: int) -> int:
    """`max_new_tokens`: cuts at most `CUT` of the answers, with room for longer ones of the checkpoints, as
    far as the context holds them.

    Args:
        answers: tokens of each answer, its end included.
        longest_prompt: tokens, the chat template included.
        context: tokens that the model's context holds.

    Returns:
        Tokens, a multiple of 16 where the context allows it; not positive where prompts fill the context.
    """
    ordered = sorted(answers)
    wanted = ordered[min(math.ceil((1 - CUT) * len(ordered)), len(ordered)) - 1]
    return min(max(-(-ROOM * wanted // 16) * 16, SHORTEST), context - longest_prompt)


def learning_rate(parameters: float) -> float:
    """A learning rate to begin with; it falls with the size.

    Args:
        parameters: of the model; 0 where they are not known.

    Source: below 1e7 the miniature, whose SFT learns at 6e-4 and at 2e-3 (docs/results/tiny.md); 9e-5 is the
    best of 3e-5, 9e-5 and 3e-4 for 1.35e8 parameters (docs/results/smollm2.md); Table 4 has 1e-4 for 1.2e9
    and 1.5e9, 2e-5 for 3e9, 5e-6 for 7e9 and 8e9. None is known of 1e7 to 1e8: 3e-4 is between the others.
    """
    return next(rate for limit, rate in RATES if parameters < limit) if parameters else RATE


def stores_float32(parameters: float, width: int) -> bool:
    """Whether checkpoints are stored in float32 where the base is not: it would round away much of an update.

    Both engines and `make export` read such files as any other. A larger model keeps the base's precision,
    since float32 takes twice the disk; training tells of a large loss (`tms.training.health.of_update`).

    Args:
        parameters: of the model; 0 where they are not known.
        width: bytes of a stored weight of the base.
    """
    return width < 4 and 0 < parameters < EXACT


def cards(parameters: float, memory: float, count: int) -> int:
    """Cards of a training job, a power of two; 0 where the machine's cannot hold the whole training state.

    Args:
        parameters: of the model.
        memory: bytes of a card.
        count: cards of the machine.
    """
    needed = 1
    while TRAINED * parameters > USED * memory * needed:
        needed *= 2
    return needed if needed <= count else 0


def device_batch(batch: int, cards: int) -> int:
    """Examples of a forward pass: at most 4 on each card, and a divisor of the batch."""
    return next(size for size in (4, 2, 1) if batch % (size * max(cards, 1)) == 0 or size == 1)


def generating_cards(parameters: float, memory: float, count: int) -> int:
    """Cards over which a model that generates is spread: the smallest power of two that holds it twice, in
    bfloat16, beside its cache; at most those that there are."""
    needed = 1
    while 4 * parameters > USED * memory * needed and needed * 2 <= count:
        needed *= 2
    return needed
