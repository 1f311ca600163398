"""Loads a model folder for forward passes: whole weights, or adapters merged into their base."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from transformers import PreTrainedModel
from transformers.utils import logging

from tms.io.errors import InputError, first_line
from tms.model_folder.adapter_config import base_of
from tms.model_folder.adapters import Adapters
from tms.model_folder.config import read_config
from tms.model_folder.digest import loading
from tms.model_folder.weights_record import mending
from tms.model_folder.whole import check_files
from tms.vision.families import stored_name
from tms.vision.models import class_of, whole_layers

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

    from tms.vision.prompt_images import PromptImages


OTHER_MODEL = "name a causal language model in the Hugging Face layout whose weights are not quantised"


def check_weights(folder: Path) -> None:
    """Check that a folder's files are whole, and hold each weight that its config asks for, in its shape.

    No weight is read.

    Raises:
        InputError: as `check_files` and `read_config`, or a weight is missing or of another shape.
    """
    check_files(folder)
    config, verbosity = read_config(folder), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()  # of the report of what is missing, which is told in one line
    try:
        _read(folder, config, device_map="meta")
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
        model = _read(
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


def _read(folder: Path, config: PreTrainedConfig, **how) -> PreTrainedModel:
    """Read a model all of whose weights are the folder's: transformers would draw the others at random.

    Args:
        folder: of whole weights.
        config: of the folder.
        how: arguments of `from_pretrained`.

    Raises:
        InputError: the folder lacks a weight of the model that its config.json describes, or has one of
            another shape, or weights that transformers cannot read here.
    """
    kind, own = class_of(config)
    try:
        model, found = kind.from_pretrained(
            folder,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
            **own,
            **how,
        )
    except (ImportError, ValueError) as error:  # quantised weights; a config of no causal language model
        raise InputError(f"{folder}: cannot be read ({first_line(error)}); {OTHER_MODEL}") from error
    if shapes := sorted(found["mismatched_keys"]):
        name, stored, asked = shapes[0]
        raise InputError(
            f"{folder}: its {name} has the shape {[*stored]}, and its config.json asks for {[*asked]} "
            f"({len(shapes)} such weights); {mending(folder)}"
        )
    if missing := sorted(found["missing_keys"]):
        raise InputError(
            f"{folder}: no {missing[0]} in its *.safetensors files, which its config.json asks for "
            f"({len(missing)} such weights); {mending(folder)}"
        )
    return whole_layers(model)


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
