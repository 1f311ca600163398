"""Part: an all-reduce over the cards of a job (NCCL; gloo on a CPU)."""

import os
import time

from tms.gpu_check import alone

SIZES = {True: 1 << 28, False: 1 << 20}  # bytes, on a GPU and on a CPU
TIMES = 5


def measure(settings: dict) -> dict:
    """Sum a tensor over the processes, some times over, and check the sum.

    Args:
        settings: none is read.

    Returns:
        `processes`; `bytes_a_second`, the bus bandwidth 2 (n - 1) / n x bytes / seconds (0 for one
        process), as NCCL's own tests define it; `version` of NCCL, or gloo.

    Raises:
        RuntimeError: a wrong sum.
    """
    import torch
    from torch import distributed

    alone.join()
    on_gpu = torch.cuda.is_available()
    device = torch.device("cuda", int(os.environ["LOCAL_RANK"])) if on_gpu else torch.device("cpu")
    if on_gpu:
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if on_gpu else "gloo")
    processes = distributed.get_world_size()
    tensor = torch.ones(SIZES[on_gpu] // 2, dtype=torch.bfloat16, device=device)
    seconds = []
    for _ in range(TIMES + 1):
        tensor.fill_(1 + distributed.get_rank() % 2)
        if on_gpu:
            torch.cuda.synchronize()
        started = time.perf_counter()
        distributed.all_reduce(tensor)
        if on_gpu:
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
    wanted = sum(1 + rank % 2 for rank in range(processes))
    if not bool((tensor == wanted).all()):
        raise RuntimeError(f"all-reduce over {processes} processes gives a wrong sum")
    distributed.destroy_process_group()
    bus = 2 * (processes - 1) / processes * SIZES[on_gpu] / min(seconds[1:])
    version = "NCCL " + ".".join(map(str, torch.cuda.nccl.version())) if on_gpu else "gloo"
    return {"processes": processes, "bytes_a_second": bus, "version": version}
