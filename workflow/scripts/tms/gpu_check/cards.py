"""Part: what torch sees of the cards, and how fast each multiplies matrices."""

import time

SIDE = {True: 8192, False: 256}  # of the square matrices, on a GPU and on a CPU
TIMES = 20

# Dense bf16, 10^12 operations a second, by the makers' data sheets. The first in a name counts.
PEAKS = {
    "GB200": 2500,
    "B200": 2250,
    "H200": 989,
    "GH200": 989,
    "H100 PCIE": 756,
    "H100 NVL": 835,
    "H100": 989,
    "H20": 148,
    "A100": 312,
    "A800": 312,
    "L40S": 362,
    "L40": 181,
    "L4": 121,
    "A40": 150,
    "A30": 165,
    "A10": 125,
    "RTX 6000 ADA": 364,
    "RTX 4090": 165,
    "RTX A6000": 155,
    "MI300X": 1307,
    "MI250": 362,
}


def peak_tflops(card: str, measured: float) -> float:
    """Peak of a card by its name, else the rate that its matrix products reached."""
    return float(next((peak for name, peak in PEAKS.items() if name in card.upper()), measured))


def measure(settings: dict) -> dict:
    """Multiply matrices in bf16 (float32 on a CPU) on each visible card.

    Returns:
        `torch`, `cuda` (version that torch was built for; None on a CPU), and `cards`: for each its `name`,
        `bytes` of memory, `free` bytes, `tflops` and whether it has `bf16`.
    """
    import torch

    on_gpu = torch.cuda.is_available()
    found = []
    for index in range(torch.cuda.device_count() if on_gpu else 1):
        device = torch.device("cuda", index) if on_gpu else torch.device("cpu")
        matrix = torch.randn(SIDE[on_gpu], SIDE[on_gpu], device=device)
        matrix = matrix.to(torch.bfloat16) if on_gpu else matrix
        product = matrix @ matrix
        _wait(torch, on_gpu, device)
        started = time.perf_counter()
        for _ in range(TIMES):
            torch.matmul(matrix, matrix, out=product)
        _wait(torch, on_gpu, device)
        tflops = 2 * SIDE[on_gpu] ** 3 * TIMES / (time.perf_counter() - started) / 1e12
        if not bool(product.isfinite().all()):
            raise RuntimeError(f"card {index}: a matrix product is not finite")
        name, free, total = "CPU", 0, 0
        if on_gpu:
            name = torch.cuda.get_device_name(index)
            free, total = torch.cuda.mem_get_info(index)
        bf16 = not on_gpu or torch.cuda.is_bf16_supported()
        found.append({"name": name, "bytes": total, "free": free, "tflops": tflops, "bf16": bf16})
    return {"torch": torch.__version__, "cuda": torch.version.cuda, "cards": found}


def _wait(torch, on_gpu: bool, device) -> None:
    if on_gpu:
        torch.cuda.synchronize(device)
