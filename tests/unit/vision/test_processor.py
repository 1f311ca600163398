"""Inputs of images: transformers' own processor makes them, and folders that ask for another are refused."""

import json
import shutil

import pytest
import torch
from helpers.tiny_vision import picture
from hypothesis import given, settings
from hypothesis import strategies as st

from tms.io.errors import InputError
from tms.io.images import Images, image_digest, open_image
from tms.vision.processor import ImageProcessor
from tms.vision.prompt_images import PromptImages


@pytest.fixture
def changed(vl, tmp_path):
    """A folder whose file has other keys."""

    def change(name, **keys):
        folder = shutil.copytree(vl, tmp_path / "model")
        file = folder / name
        file.write_text(json.dumps(json.loads(file.read_text()) | keys))
        return folder

    return change


def test_pixels_are_those_of_the_library(folder):
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    library, own = Qwen2VLImageProcessorPil.from_pretrained(folder), ImageProcessor(folder)
    for seed, (width, height) in enumerate([(16, 8), (9, 31), (200, 40), (64, 64), (4, 4)]):
        image = open_image(picture(seed, width, height))
        made = library(images=[image], return_tensors="pt")
        assert torch.equal(own.pixels(image), made["pixel_values"])
        grid = own.grid(width, height)
        assert [*grid] == made["image_grid_thw"][0].tolist()
        assert own.tokens(grid) == made["image_grid_thw"][0].prod() // 4


@settings(deadline=None, max_examples=50)
@given(st.integers(4, 300), st.integers(4, 300))
def test_an_image_has_as_many_tokens_as_its_pixels_allow(vl, width, height):
    own = ImageProcessor(vl)
    grid = own.grid(width, height)
    assert grid.rows % 2 == grid.columns % 2 == 0 and grid.times == 1
    if max(width, height) < 8 * min(width, height):
        assert 1 <= own.tokens(grid) <= 16


def test_settings_of_transformers_5_are_the_same(vl, tmp_path):
    folder = shutil.copytree(vl, tmp_path / "model")
    keys = json.loads((folder / "preprocessor_config.json").read_text())
    (folder / "preprocessor_config.json").unlink()
    keys["size"] = {"shortest_edge": keys.pop("min_pixels"), "longest_edge": keys.pop("max_pixels")}
    (folder / "processor_config.json").write_text(json.dumps({"image_processor": keys}))
    assert ImageProcessor(folder).settings == ImageProcessor(vl).settings


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"do_sharpen": True}, "do_sharpen is not known"),
        (
            {"image_processor_type": "CLIPImageProcessor"},
            "image_processor_type CLIPImageProcessor is not known",
        ),
        ({"do_resize": False}, "do_resize False; True alone"),
        ({"resample": 2}, "resample 2; 3 alone"),
        ({"patch_size": 14}, "patch_size 14, where the model in config.json has 4"),
        ({"min_pixels": 2048}, "from 2048 to 1024 pixels"),
        ({"max_pixels": "many"}, "give whole numbers"),
        ({"size": 224}, "size 224; shortest_edge and longest_edge alone"),
        ({"size": {"height": 224, "width": 224}}, "size {'height': 224.*alone are read here"),
        ({"image_mean": [0.5]}, r"image_mean \[0.5\]; give a number for each"),
        ({"image_mean": "grey"}, "image_mean grey; give a number"),
        ({"image_std": [1, 1, 0]}, r"image_std \[1, 1, 0\]; give a number"),
    ],
)
def test_another_processor_is_refused(changed, keys, line):
    with pytest.raises(InputError, match=line):
        ImageProcessor(changed("preprocessor_config.json", **keys))


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"vision_config": [14]}, "a vision_config that is no object"),
        ({"vision_config": {"patch_size": 2.5}}, "has patch_size 2.5; give a whole number"),
        ({"image_token_id": None}, "has image_token_id None; give a whole number"),
        ({"model_type": "qwen2_5_omni", "thinker_config": "x"}, "a thinker_config that is no object"),
        ({"model_type": ["qwen2_5_vl"]}, "models of type .* cannot read"),
    ],
)
def test_a_config_that_says_no_sizes_is_one_line(changed, keys, line):
    with pytest.raises(InputError, match=line):
        ImageProcessor(changed("config.json", **keys))


def test_a_model_that_reads_no_images_is_refused(changed):
    with pytest.raises(InputError, match="'qwen2' cannot read; use one of type qwen2_5_vl or qwen2_5_omni"):
        ImageProcessor(changed("config.json", model_type="qwen2"))


def test_pixels_beyond_the_bound_are_made_again(vl, rows):
    images = PromptImages(vl, rows.images, held=1)
    digests = [image_digest(data) for row in rows.pictures for data in row]
    numbers = [-1 - images.run(digest)[0] for digest in digests]
    first = [images.pixels(number).values for number in numbers]
    assert all(
        torch.equal(images.pixels(number).values, one) for number, one in zip(numbers, first, strict=True)
    )
    assert len(images._pixels) == 1


def test_another_pillow_gives_an_image_another_number(vl, rows, monkeypatch):
    """It decodes and resizes, so rows generated from its pixels are not taken for those of another."""
    digest = image_digest(rows.pictures[0][0])
    first, again = PromptImages(vl, rows.images), PromptImages(vl, rows.images)
    assert first.run(digest) == again.run(digest)
    monkeypatch.setattr("tms.vision.prompt_images.version", {"pillow": "1.0"}.__getitem__)
    other = PromptImages(vl, rows.images).run(digest)
    assert other[0] != first.run(digest)[0] and other[1:] == first.run(digest)[1:]


def test_a_missing_image_is_named(vl):
    with pytest.raises(InputError, match="no image abcd"):
        PromptImages(vl, Images()).run("abcd")
