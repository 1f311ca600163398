"""Work of the models that answer calls of tools while others generate."""

from collections.abc import Sequence

from tms.config.tasks import simulator
from tms.cost_estimate.lengths import Texts, total
from tms.cost_estimate.model_sizes import ModelSizes
from tms.cost_estimate.throughput import Device, Throughput

ANSWER = 150  # tokens that an answer is assumed to have


def simulator_seconds(
    config: dict,
    figures: Throughput,
    sizes: ModelSizes,
    device: Device,
    texts: Sequence[Texts],
    tasks: Sequence[str | None],
    tries: int,
) -> float:
    """Seconds on one card or thread in which the calls of completions are answered, with the loading.

    Before each call the simulator reads about what the caller reads before a turn: what the tools are, and
    the calls before. No call is taken for recorded, or for one that was answered before.

    Args:
        config: the whole configuration.
        figures, sizes, device: of the estimate.
        texts: the completions.
        tasks: of each of the texts; None: of no task.
        tries: completions of each row.
    """
    asked = [
        (text, name)
        for text, task in zip(texts, tasks, strict=True)
        if task and (name := simulator(config, [task]))
    ]
    if not asked:
        return 0.0
    entry, called = config["simulators"][asked[0][1]], [text for text, _ in asked]
    folder, answers = entry["model"], tries * sum(text.count * (text.turns - 1) for text in called)
    parameters = sizes.decoder(folder)
    written = answers * min(entry["max_new_tokens"], ANSWER)
    seconds = sizes.bytes(folder) / figures.plain["load_bytes_a_second"]
    seconds += device.forward_seconds(parameters, tries * total(called, "read"))
    return seconds + written / device.tokens_a_second(parameters)
