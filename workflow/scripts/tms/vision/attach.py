"""Lets a model read token ids with images in them (`tms.vision.image_ids`), whoever calls it.

Names of tensors end in their shape: B rows, L tokens.
"""

import torch
from transformers import PreTrainedModel

from tms.vision.image_ids import Run, image_runs
from tms.vision.models import tower_of
from tms.vision.prompt_images import PromptImages


def take_images(model: PreTrainedModel, images: PromptImages) -> None:
    """Make a model's passes over `input_ids` read the images that stand in them.

    Where ids have none nothing changes. Each image passes the vision tower by itself, so that a row's numbers
    do not depend on the others of its pass.

    Args:
        model: of a family with images, as `load_model` gives it.
        images: of the prompts.
    """
    tower = tower_of(model)

    def read(backbone, given, keys: dict):
        ids_BL = keys.get("input_ids", given[0] if given else None)
        if ids_BL is None or not bool((ids_BL < 0).any()):
            return None
        rows = ids_BL.tolist()
        runs = [run for row in rows for run in image_runs(row)]
        embedded = backbone.get_input_embeddings()(ids_BL.clamp(min=0))
        features = [_features(tower, images, run) for run in runs]
        inside_BL = (ids_BL < 0)[..., None]
        keys = keys | {"input_ids": None}
        keys["inputs_embeds"] = embedded.masked_scatter(inside_BL, torch.cat(features).to(embedded.dtype))
        if keys.get("position_ids") is None:
            positions = torch.stack([images.positions(row) for row in rows], dim=1)
            keys["position_ids"] = positions.to(ids_BL.device)
        return (), keys

    model.base_model.register_forward_pre_hook(read, with_kwargs=True)


def _features(tower: PreTrainedModel, images: PromptImages, run: Run) -> torch.Tensor:
    """What an image's tokens are embedded as, [tokens, hidden size]."""
    values, grid = images.pixels(run.number)
    if images.processor.tokens(grid) != run.stop - run.start:
        raise ValueError(f"{run.stop - run.start} ids of an image that has {images.processor.tokens(grid)}")
    device = tower.visual.patch_embed.proj.weight.device
    grids = torch.tensor([grid], device=device)
    (features,) = tower.get_image_features(values.to(device), grids).pooler_output
    return features
