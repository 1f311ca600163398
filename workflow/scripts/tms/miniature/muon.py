"""Muon in fp32 (Keller Jordan's optimiser for hidden matrices).

torch.optim.Muon runs its Newton-Schulz steps in bf16, which is slow on CPUs without bf16 units, and one
matrix at a time.
"""

import torch


class Muon(torch.optim.Optimizer):
    """Momentum whose update is replaced by the nearest semi-orthogonal matrix.

    Args:
        params: matrices; those of one shape are updated as one batch.
        lr: learning rate.
        momentum: Nesterov momentum.
    """

    def __init__(self, params, lr: float, momentum: float = 0.95):
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure=None) -> None:
        """Update every matrix once."""
        for group in self.param_groups:
            shapes: dict[torch.Size, list[torch.nn.Parameter]] = {}
            for parameter in group["params"]:
                shapes.setdefault(parameter.shape, []).append(parameter)
            for shape, parameters in shapes.items():
                gradients = torch.stack([parameter.grad for parameter in parameters])
                state = self.state[parameters[0]]
                momentum = state.setdefault("momentum", torch.zeros_like(gradients))
                momentum.lerp_(gradients, 1 - group["momentum"])
                updates = orthogonalize(gradients.lerp(momentum, group["momentum"]))
                scale = max(1.0, shape[0] / shape[1]) ** 0.5
                for parameter, update in zip(parameters, updates, strict=True):
                    parameter.add_(update, alpha=-group["lr"] * scale)


def orthogonalize(matrices_BMN: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """Push all singular values towards 1 by a quintic Newton-Schulz iteration, shape (B, M, N) kept."""
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = matrices_BMN.shape[1] > matrices_BMN.shape[2]
    x = matrices_BMN.mT if tall else matrices_BMN
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if tall else x
