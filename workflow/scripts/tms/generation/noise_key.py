"""Key of a row's noise (`tms.generation.noise`); known before torch is loaded."""

import hashlib
import json

FORMAT = "tms-noise-1"


def noise_key(weights: str, prompt_ids: list[int], seed: int, sample: int) -> int:
    """Key of a row's noise, a 63-bit integer.

    Neither the engine nor the sampling settings enter it: two engines draw the same text, and a changed
    temperature changes the text through the logits alone.

    Args:
        weights: digest of the model's weights.
        prompt_ids: token ids of the prompt.
        seed: seed of the stage that asks.
        sample: index among the samples of one prompt.
    """
    text = json.dumps([FORMAT, weights, prompt_ids, seed, sample])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) >> 1
