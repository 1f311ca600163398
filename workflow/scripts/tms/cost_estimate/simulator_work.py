"""Work of the models that answer calls of tools while others generate."""

from collections.abc import Sequence

from tms.config.tasks import simulator
from tms.cost_estimate.lengths import Lengths, Texts, total
from tms.cost_estimate.model_sizes import ModelSizes
from tms.cost_estimate.throughput import Device

ANSWER = 150  # tokens that an answer is assumed to have


def simulator_seconds(
    lengths: Lengths, sizes: ModelSizes, device: Device, texts: Sequence[Texts], tries: int
) -> float:
    """Seconds on one card or thread in which the calls of completions are answered, with the loading.

    Before each call the simulator reads about what the caller reads before a turn: what the tools are, and
    the calls before. No call is taken for recorded, or for one that was answered before. A job has one
    simulator, which answers the calls of all its tasks that name one.

    Args:
        lengths, sizes, device: of the estimate.
        texts: the completions.
        tries: completions of each row.
    """
    config, plain = lengths.config, lengths.figures.plain
    of_tasks = [text for joined in texts for text in joined.of_tasks]
    called = [text for text in of_tasks if text.task and simulator(config, [text.task])]
    if not called:
        return 0.0
    entry = config["simulators"][simulator(config, [called[0].task])]
    folder, answers = entry["model"], tries * sum(text.count * (text.turns - 1) for text in called)
    parameters = sizes.decoder(folder)
    written = answers * min(entry["max_new_tokens"], ANSWER)
    seconds = sizes.bytes(folder) / plain["load_bytes_a_second"]
    seconds += device.forward_seconds(parameters, tries * total(called, "read"))
    return seconds + written / device.tokens_a_second(parameters)
