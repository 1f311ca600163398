"""Loads a model folder for forward passes: whole weights, or adapters merged into their base."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from transformers import PreTrainedModel
from transformers.utils import logging

from tms.model_folder.adapter_config import base_of
from tms.model_folder.adapters import Adapters
from tms.model_folder.config import read_config
from tms.model_folder.digest import loading
from tms.model_folder.whole import check_files
from tms.vision.families import stored_name
from tms.vision.models import read_model

if TYPE_CHECKING:
    from tms.vision.prompt_images import PromptImages


def check_weights(folder: Path) -> None:
    """Check that a folder's files are whole, and hold each weight that its config asks for, in its shape.

    No weight is read.

    Raises:
        InputError: as `check_files`, `read_config` and `read_model`.
    """
    check_files(folder)
    config, verbosity = read_config(folder), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()  # of the report of what is missing, which is told in one line
    try:
        read_model(folder, config, device_map="meta")
    finally:
        logging.set_verbosity(verbosity)


def load_model(
    folder: Path, dtype: torch.dtype, attention: str | None = None, images: PromptImages | None = None
) -> PreTrainedModel:
    """Load a model folder into main memory.

    Adapters are added to the base's weights in float32, and only then cast.

    Args:
        folder: of whole weights or of adapters.
        dtype: of the weights.
        attention: implementation of the attention; None: transformers' choice.
        images: in the ids that it is to read; None: there are none.

    Raises:
        InputError: its weights, or its base's, are missing, changed or of a kind that is not merged, or
            transformers has no model of its kind.
    """
    with loading(folder):
        base = base_of(folder)
        check_files(base or folder)
        model = read_model(
            base or folder,
            read_config(base or folder),
            dtype="auto" if base else dtype,  # the base's own: it is rounded once
            attn_implementation=attention,
        )
        if base:
            merge(model, Adapters.read(folder), dtype)
    if images:
        from tms.vision.attach import take_images  # with Pillow

        take_images(model, images)
    return model


def merge(model: PreTrainedModel, adapters: Adapters, dtype: torch.dtype) -> None:
    """Add adapters to a model's weights, and cast all of them.

    Raises:
        InputError: the model lacks a weight that has an adapter.
    """
    base = base_of(adapters.folder)
    parameters = {stored_name(base, name): parameter for name, parameter in model.named_parameters()}
    adapters.check_found(adapters.factors.keys() - parameters.keys())
    for name, parameter in parameters.items():
        parameter.data = adapters.merged(name, parameter.data).to(dtype)
