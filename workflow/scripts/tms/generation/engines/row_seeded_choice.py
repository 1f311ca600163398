"""Row-seeded choice of tokens within vLLM on a CPU."""

import torch
from vllm.v1.sample.logits_processor import LogitsProcessor

from tms.generation.next_token import choose
from tms.generation.sampling import Sampling


class RowSeededChoice(LogitsProcessor):
    """Leaves of each row's logits only the token that `next_token.choose` takes (vLLM makes one a worker).

    Of Model Runner V1: V2 refuses it.
    """

    def __init__(self, vllm_config, device: torch.device, is_pin_memory: bool):
        self.device = device
        # By place in vLLM's batch: the row's noise key, its settings, and its growing list of output tokens.
        self.rows: dict[int, tuple[int, Sampling, list[int]]] = {}

    def is_argmax_invariant(self) -> bool:
        """It changes which token is the most probable one."""
        return False

    def update_state(self, batch_update) -> None:
        """Follow the rows that enter, leave and move within vLLM's batch (called before each step)."""
        if batch_update is None:
            return
        for place in batch_update.removed:
            self.rows.pop(place, None)
        for place, params, _, output_ids in batch_update.added:
            sampling = Sampling(**params.extra_args["sampling"])
            self.rows[place] = (params.extra_args["noise_key"], sampling, output_ids)
        for source, target, direction in batch_update.moved:
            moved, other = self.rows.pop(source, None), self.rows.pop(target, None)
            if moved is not None:
                self.rows[target] = moved
            if other is not None and direction.name == "SWAP":
                self.rows[source] = other

    def apply(self, logits: torch.Tensor) -> torch.Tensor:
        """Choose each row's token; `logits` is [batch, V] in the order of the batch."""
        rows = [self.rows[place] for place in range(len(logits))]
        keys = torch.tensor([key for key, _, _ in rows], dtype=torch.int64, device=logits.device)
        steps = torch.tensor([len(output_ids) for _, _, output_ids in rows], device=logits.device)
        # All rows of one `generate` share their settings.
        chosen = choose(logits, keys, steps, rows[0][1])
        return logits.fill_(-torch.inf).scatter_(1, chosen[:, None], 0.0)
