"""Prompts with images, as the library's own processor writes them."""

import json
import shutil

import pytest

from tms.generation.cache import row_key
from tms.generation.chat import ChatFormat
from tms.generation.noise_key import noise_key
from tms.generation.sampling import Sampling
from tms.io.conversation import context_text
from tms.io.errors import InputError
from tms.io.images import Images, image_digest, open_image
from tms.vision.image_ids import image_runs, with_placeholders


def library_ids(chat, pictures, prompt):
    """Ids of transformers: its processors write a placeholder as often as the image has tokens."""
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    parts = [{"type": "image"} for _ in pictures] + [{"type": "text", "text": prompt}]
    turns = [{"role": "user", "content": parts}]
    text = chat.tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    processor = Qwen2VLImageProcessorPil.from_pretrained(chat.folder)
    for data in pictures:
        grid = processor(images=[open_image(data)])["image_grid_thw"][0]
        text = text.replace("<|image_pad|>", "<|x|>" * (grid.prod() // 4), 1)
    return chat.tokenizer(text.replace("<|x|>", "<|image_pad|>"), add_special_tokens=False)["input_ids"]


def test_ids_are_those_of_the_library(folder, rows):
    chat = ChatFormat(folder, images=rows.images)
    for context, pictures in zip(rows.contexts, rows.pictures, strict=True):
        ids = chat.prompt_ids("What is it?", context)
        assert [chat.images.placeholder if token < 0 else token for token in ids] == library_ids(
            chat, pictures, "What is it?"
        )
        numbers = [chat.images._digests[run.number] for run in image_runs(ids)]
        assert numbers == [image_digest(data) for data in pictures]
        assert with_placeholders(ids, 5).count(5) == len(pictures)
        shown = [(one.size, one.mode) for one in chat.images.pictures(ids)]
        assert shown == [(open_image(data).size, "RGB") for data in pictures]


def test_prompts_without_images_are_as_ever(vl, rows):
    chat = ChatFormat(vl, images=rows.images)
    assert chat.prompts_ids([("Hello", ""), ("Hi", rows.contexts[0])])[0] == ChatFormat(vl).prompt_ids(
        "Hello"
    )


def test_messages_before_the_prompt_are_kept(vl, rows):
    before = [{"role": "system", "content": "Be brief."}]
    digest = json.loads(rows.contexts[0])["images"]
    chat = ChatFormat(vl, images=rows.images)
    ids = chat.prompt_ids("What?", context_text(before, images=digest))
    assert "Be brief." in chat.tokenizer.decode([token for token in ids if token >= 0])


def test_quoted_placeholders_are_no_images(vl, rows):
    chat = ChatFormat(vl, images=rows.images)
    quoted = chat.prompt_ids("Read <|vision_start|><|image_pad|><|vision_end|> aloud", rows.contexts[0])
    assert len(image_runs(quoted)) == 1 and chat.images.placeholder not in quoted


def test_keys_of_rows_tell_images_apart(vl, rows):
    chat = ChatFormat(vl, images=rows.images)
    prompts = [chat.prompt_ids("What?", context) for context in (rows.contexts[0], rows.contexts[3])]
    assert len({noise_key("w", prompt, 0, 0) for prompt in prompts}) == 2
    assert len({row_key("w", prompt, Sampling(), [2], ("e", "1"), 0, 0) for prompt in prompts}) == 2


def test_a_template_without_parts_is_refused(vl, rows, tmp_path):
    folder = shutil.copytree(vl, tmp_path / "model")
    (folder / "chat_template.jinja").write_text("{% for m in messages %}{{ m['content'] }}{% endfor %}:")
    with pytest.raises(InputError, match="writes 0 placeholders for 1 images"):
        ChatFormat(folder, images=rows.images).prompt_ids("What?", rows.contexts[0])


def test_a_text_model_refuses_images(tiny_model, rows):
    with pytest.raises(InputError, match="'qwen2' cannot read"):
        ChatFormat(tiny_model, images=rows.images).prompt_ids("What?", rows.contexts[0])


def test_images_that_were_not_given_are_named(vl, rows):
    with pytest.raises(InputError, match="their files were not given"):
        ChatFormat(vl, images=Images()).prompt_ids("What?", rows.contexts[0])
