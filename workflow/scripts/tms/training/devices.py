"""GPUs of training: the command that starts its processes, and whether they share one model."""

from tms.io.errors import InputError

FSDP = ["auto", "on", "off"]

# Bytes a parameter in float32: weights, gradients, two moments; and the buckets of gradients between copies.
STATE_BYTES = 16
COPIED_BYTES = 20
MEASURING_BYTES = 14e9  # of a card, beside the weights of models whose divergence is measured
FROZEN_BYTES = 2  # a parameter under LoRA adapters, in bfloat16
SMALL_CARD = 80e9  # bytes; what is copied on such a card
KEPT_STATES = 2  # of a run, to resume from: one may turn out to be damaged


def launcher(gpus: int) -> str:
    """Words that start a training program on so many GPUs of one node; one process needs no launcher."""
    if gpus < 2:
        return "python"
    # Every word that accelerate would otherwise take from its user's default file; port 0: any free one.
    return (
        f"accelerate launch --multi_gpu --num_machines 1 --num_processes {gpus} --gpu_ids all"
        f" --main_process_port 0 --mixed_precision no --dynamo_backend no"
    )


def shards(choice: str, parameters: int, processes: int, card_bytes: int | None, lora: bool = False) -> bool:
    """Whether weights, gradients and optimizer are sharded over the processes (FSDP) or copied to each (DDP).

    Args:
        choice: one of `FSDP`. auto shards where copies would take more than half of a card, since the other
            half is for activations and logits.
        parameters: of the model.
        processes: number of training processes.
        card_bytes: memory of a GPU; None on a CPU.
        lora: whether adapters are trained: each process has the frozen weights, and nothing is sharded.

    Raises:
        InputError: one process, and a model that its card cannot hold, or that is to be sharded; adapters
            that are to be sharded.
    """
    if lora:
        if choice == "on":
            raise InputError("--fsdp on: LoRA is not sharded; leave training.fsdp out, or training.lora")
        if card_bytes and FROZEN_BYTES * parameters > card_bytes:
            raise InputError(
                f"{parameters / 1e9:.2f}e9 frozen parameters x {FROZEN_BYTES} bytes = "
                f"{FROZEN_BYTES * parameters / 1e9:.0f} GB do not fit on a GPU of {card_bytes / 1e9:.0f} GB; "
                f"take a smaller base, or train all weights on several cards"
            )
        return False
    if processes == 1:
        if choice == "on":
            raise InputError("--fsdp on needs several processes; set models.<name>.gpus.train to 2 or more")
        if card_bytes and STATE_BYTES * parameters > card_bytes:
            raise InputError(
                f"{parameters / 1e9:.2f}e9 parameters x {STATE_BYTES} bytes = "
                f"{STATE_BYTES * parameters / 1e9:.0f} GB do not fit on a GPU of {card_bytes / 1e9:.0f} GB; "
                f"set models.<name>.gpus.train to 2 or more"
            )
        return False
    if choice == "auto":
        return card_bytes is not None and COPIED_BYTES * parameters > card_bytes / 2
    return choice == "on"


def measuring_budget(card_bytes: float) -> float:
    """Bytes of a card for weights where divergences are measured: the rest is for activations and logits, of
    which a vocabulary of 150,000 takes 9 GB for 5,000 tokens."""
    return max(card_bytes - max(card_bytes / 4, MEASURING_BYTES), card_bytes / 4)


def train_mem_mb(parameters: float, gpus: int, lora: bool = False, beside: bool = False) -> int:
    """Main memory of a training job (MB): libraries in each process; the weights in float32, once in each
    process that reads them (where they are sharded, one reads for all) and once gathered to be saved. Frozen
    ones are read by each process, on cards in bfloat16, and not saved. A base beside the model stays there
    where there are no cards; else it is read when the model's weights have left."""
    if lora:
        return int(max(gpus, 1) * (4000 + (FROZEN_BYTES if gpus else 4) * parameters / 1e6))
    weights = 4 * parameters / 1e6
    readers = max(gpus, 1) if COPIED_BYTES * parameters < SMALL_CARD / 2 else 1
    return int(4000 * max(gpus, 1) + (readers + 1 + (beside and not gpus)) * weights)


def average_mem_mb(parameters: float, lora: bool) -> int:
    """Main memory of a job that averages weights (MB): libraries, and the parts of a weight that are in
    memory at once; of adapters copies of a whole weight, which stay below all weights in float32."""
    return 4000 + int(4 * parameters / 1e6) * lora


def measure_mem_mb(parameters: float, gpus: int) -> int:
    """Main memory of a job that measures divergences (MB): libraries, and two models in float32 or one in
    float64, in part or whole where they do not fit on a card."""
    return 4000 + 6000 * gpus + int(8 * parameters / 1e6)


def generate_mem_mb(parameters: float, gpus: int) -> int:
    """Main memory of a job that generates or scores (MB): libraries in each process, and the weights once."""
    return 4000 + 6000 * gpus + int(2 * parameters / 1e6)
