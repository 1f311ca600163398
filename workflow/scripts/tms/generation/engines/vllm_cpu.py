"""vLLM's CPU build, whose running engine has to take new weights."""

import torch


def use_avx2_kernels() -> None:
    """Let vLLM take its AVX2 kernels on a CPU with AVX-512 too; to be called before vllm is imported.

    Its kernels for AVX-512 pack each weight and drop the original (vLLM 0.31, `dispatch_cpu_unquantized_gemm`),
    so that TRL's colocated mode cannot load the weights of a step.
    """
    torch.cpu._is_avx512_supported = lambda: False
