"""Models for measurement: float32 without TF32, on a GPU as far as they fit there.

Passes in bfloat16 differ from exact ones so much that the KL between two models that are all but equal reads
about 7e-4 nats a token. Measurement is in float32, whatever precision a model is stored and generates in.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from accelerate import cpu_offload
from transformers.utils import logging

from tms.model_folder.load import load_model
from tms.training.devices import measuring_budget

if TYPE_CHECKING:
    from tms.vision.prompt_images import PromptImages


def load_policy(
    folder: Path, models: int = 1, dtype: torch.dtype = torch.float32, images: PromptImages | None = None
):
    """Load a model for forward passes.

    Args:
        folder: of the model.
        models: that are to be on the GPU together; each gets an equal part of it. Decoder layers that do not
            fit there stay in main memory, from where each pass takes them one by one.
        dtype: float32, or float64 to tell how exact that is.
        images: in the prompts; None: there are none.
    """
    logging.disable_progress_bar()
    torch.set_float32_matmul_precision("highest")  # no TF32, whatever was set before
    model = load_model(folder, dtype, images=images).eval()
    if not torch.cuda.is_available():
        return model
    card = torch.cuda.get_device_properties(0).total_memory
    return place(model, torch.device("cuda", 0), int(measuring_budget(card) / models))


def place(model, device: torch.device, budget: int):
    """Put a model's weights on a device, but for the last decoder layers where they exceed `budget` bytes."""
    if weight_bytes(model) <= budget:
        return model.to(device)
    left = weight_bytes(model) - budget
    streamed = []
    for layer in reversed([module for module in model.modules() if is_layer(model, module)]):
        if left > 0:
            streamed.append(layer)
            left -= weight_bytes(layer)
    apart = {id(part) for layer in streamed for part in layer.modules()}
    for module in model.modules():
        if id(module) not in apart:
            for parameter in module.parameters(recurse=False):
                parameter.data = parameter.data.to(device)
            for name, buffer in list(module.named_buffers(recurse=False)):
                setattr(module, name, buffer.to(device))
    for layer in streamed:
        cpu_offload(layer, execution_device=device)
    return model


def is_layer(model, module: torch.nn.Module) -> bool:
    """Whether a module is one of the model's decoder layers, which transformers says not to split."""
    return type(module).__name__ in (model._no_split_modules or ())


def weight_bytes(module: torch.nn.Module) -> int:
    """Bytes of a module's parameters, tied ones once."""
    return sum(parameter.nbytes for parameter in module.parameters())
