"""Work of an on-policy training run: rollouts and tokens, as far as its settings tell."""

from dataclasses import dataclass

from tms.config.method_kinds import MethodKind
from tms.cost_estimate.lengths import Texts


@dataclass(frozen=True)
class OnPolicyWork:
    """Work of a run whose rollouts are as long as the references, within their limit.

    Args:
        kind: of the method.
        chosen: the run's section `on_policy`.
        samples: rollouts of each prompt and visit.
        batch: prompts of an optimiser step.
        sft_steps: optimiser steps of SFT.
        texts: SFT's references.
        longest: most tokens of a rollout.
    """

    kind: MethodKind
    chosen: dict
    samples: int
    batch: int
    sft_steps: int
    texts: Texts
    longest: int

    @property
    def steps(self) -> float:
        """Optimiser steps: SFT's, or as many as hold SFT's tokens in the loss."""
        if self.chosen["budget"] == "steps":
            return self.sft_steps
        return self.sft_steps * self.texts.completion / (self.samples * self.learned)

    @property
    def rollouts(self) -> float:
        """Completions that are sampled."""
        return self.steps * self.batch * self.samples

    @property
    def learned(self) -> float:
        """Tokens of a rollout in the loss; of TRAPO's the prefix counts too."""
        return min(self.texts.completion, self.longest)

    @property
    def sampled(self) -> float:
        """Tokens of a rollout that the policy writes itself."""
        return self.learned * self.kind.own_share

    @property
    def trained(self) -> float:
        """Tokens in the loss."""
        return self.rollouts * self.learned

    @property
    def passed(self) -> float:
        """Tokens of the training passes, prompts included."""
        return self.rollouts * (self.texts.prompt + self.learned)

    @property
    def measured(self) -> float:
        """Tokens of passes in float32: of both policies, for the logged KL."""
        rows = min(self.chosen["kl_rows"], self.batch * self.samples)
        return 2 * self.steps * rows * (self.texts.prompt + self.learned)

    @property
    def compared(self) -> float:
        """Tokens of passes of the base for GRPO's KL term."""
        term = "beta" in self.kind.keys and self.chosen["beta"] > 0
        return self.passed if term else 0

    @property
    def read(self) -> float:
        """Tokens of passes of the teacher of a distillation; the policy's own past reads references too."""
        if self.kind.rewarded:
            return 0
        return self.passed + (0 if self.kind.taught else self.rollouts * self.texts.completion)

    @property
    def kept(self) -> int:
        """Bytes of a trained parameter in two states, for a moving average of them in float32."""
        return 2 * 4 if "teacher_average" in self.kind.keys and self.chosen["teacher_average"] else 0

    @property
    def scored(self) -> float:
        """Tokens of all passes for a divergence."""
        return self.measured + self.compared + self.read
