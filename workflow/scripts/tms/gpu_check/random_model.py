"""Models with random weights at true size, made in seconds without a download."""

import json
import shutil
from pathlib import Path

from tms.memory_plan.architecture import KNOWN
from tms.model_folder.config import read_config

BLOCK = 1 << 20  # numbers that are drawn; every matrix is filled with copies of them
SPREAD = 0.02  # standard deviation, as models are initialised


def write_config(folder: Path, architecture: dict, layers: int) -> Path:
    """Write `config.json` of a model with so many layers into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    keys = {key: value for key, value in architecture.items() if key != "layer_types"}
    if "layer_types" in architecture:
        keys["layer_types"] = architecture["layer_types"][:layers]
    (folder / "config.json").write_text(json.dumps(keys | {"num_hidden_layers": layers}))
    return folder


def write_tokenizer(folder: Path) -> None:
    """Give a model folder the miniature's tokenizer, for programs that only want one to be there."""
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copy(KNOWN.parent / "miniature" / "base" / name, folder)


def build(folder: Path, dtype, filled: bool = True, attention: str = "sdpa"):
    """A model on the CPU as the `config.json` of a folder describes it.

    Args:
        folder: with `config.json`.
        dtype: torch's, of the weights.
        filled: whether it gets weights; else they are whatever memory holds, and take none until written to.
        attention: implementation.
    """
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.initialization import no_init_weights

    with no_init_weights():
        model = AutoModelForCausalLM.from_config(
            read_config(folder),
            dtype=dtype,
            attn_implementation=attention,
            trust_remote_code=False,
        )
    model.tie_weights()
    if not filled:
        return model
    block = (SPREAD * torch.randn(BLOCK, generator=torch.Generator().manual_seed(0))).to(dtype)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            flat = parameter.view(-1)
            if parameter.dim() == 1:  # a norm's weight, or a bias
                flat.fill_(0.0 if name.endswith("bias") else 1.0)
                continue
            whole = len(flat) // BLOCK * BLOCK
            flat[:whole].view(-1, BLOCK).copy_(block)
            flat[whole:].copy_(block[: len(flat) - whole])
    return model
