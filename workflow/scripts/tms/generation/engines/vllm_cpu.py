"""vLLM's CPU build, whose running engine has to take new weights."""

import torch


def keep_weights() -> None:
    """Let vLLM's linear layers keep their weights as they are, on a CPU.

    Where the CPU has AVX-512 they would pack them and drop the originals (vLLM 0.31,
    `dispatch_cpu_unquantized_gemm`), and TRL's colocated mode could not load the weights of a step.
    """
    if not torch.cuda.is_available():
        from vllm.model_executor.layers.linear import LinearBase

        LinearBase._cpu_skip_gemm_dispatch = True
