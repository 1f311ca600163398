"""Tokens drawn by the sampler of vLLM's Model Runner V2, its Triton kernels interpreted on a CPU.

A process of its own: `TRITON_INTERPRET=1 python gumbel_draws.py`. vLLM puts a stub in Triton's place where it
sees no driver, so the module is loaded from its file, with Triton itself behind `vllm.triton_utils`.
"""

import importlib.util
import json
import sys
from importlib.metadata import files, packages_distributions
from types import ModuleType

import torch
import triton
import triton.language as tl

SAMPLER = "vllm/v1/worker/gpu/sample/gumbel.py"
VOCABULARY = 6  # padded to one block by the kernel


def sampler() -> ModuleType:
    """vLLM's module of the Gumbel noise."""
    stub = ModuleType("vllm.triton_utils")
    stub.tl, stub.triton = tl, triton
    sys.modules |= {"vllm": ModuleType("vllm"), "vllm.triton_utils": stub}
    (distribution,) = set(packages_distributions()["vllm"])
    (path,) = [file.locate() for file in files(distribution) if str(file) == SAMPLER]
    spec = importlib.util.spec_from_file_location("gumbel", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Print the draws of rows in a batch, reversed, in two halves, and alone; and many draws of one row."""
    gumbel = sampler()
    generator = torch.Generator().manual_seed(0)
    rows = 12
    seeds = torch.randint(0, 2**63 - 1, (rows,), generator=generator)
    positions = torch.randint(0, 4000, (rows,), generator=generator)
    logits = torch.randn(rows, VOCABULARY, generator=generator)

    def draw(order: list[int]) -> dict[int, int]:
        count = len(order)
        drawn = gumbel.gumbel_sample(
            logits[order],
            torch.arange(count, dtype=torch.int32),
            torch.ones(count),
            seeds[order],
            positions[order],
            apply_temperature=False,
            is_drafting=False,
        )
        return dict(zip(order, drawn.tolist(), strict=True))

    everything = list(range(rows))
    batches = {
        "batch": draw(everything),
        "reversed": draw(everything[::-1]),
        "halves": draw(everything[::2]) | draw(everything[1::2]),
        "alone": {place: draw([place])[place] for place in everything[:4]},
    }
    many = 512
    drawn = gumbel.gumbel_sample(
        logits[:1].expand(many, -1).contiguous(),
        torch.arange(many, dtype=torch.int32),
        torch.ones(many),
        torch.randint(0, 2**63 - 1, (many,), generator=generator),
        torch.full((many,), 7),
        apply_temperature=False,
        is_drafting=False,
    )
    counts = torch.bincount(drawn, minlength=VOCABULARY).tolist()
    print(
        json.dumps({"batches": batches, "counts": counts, "softmax": logits[0].double().softmax(-1).tolist()})
    )


if __name__ == "__main__":
    main()
