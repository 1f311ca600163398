"""Prompts with images as vLLM takes them: one placeholder for each image, and the pictures in order.

What vLLM makes of them was not run: its image inputs need torchvision.
"""

from types import SimpleNamespace

import pytest
import torch

from tms.generation.chat import ChatFormat
from tms.generation.engines.interface import Prompt
from tms.generation.engines.vllm_engine import asked, of_media
from tms.generation.sampling import Sampling
from tms.io.images import open_image
from tms.on_policy.rollouts import VllmRollouts


@pytest.fixture
def chat(folder, rows):
    return ChatFormat(folder, images=rows.images)


def bytes_of(image):
    return image.size, image.tobytes()


def test_a_request_has_a_placeholder_for_each_image_and_the_pictures_in_order(chat, rows):
    for context, pictures in zip(rows.contexts, rows.pictures, strict=True):
        ids = chat.prompt_ids("What is it?", context)
        request = asked(Prompt(ids, 0), chat.images)
        assert request["prompt_token_ids"].count(chat.images.placeholder) == len(pictures)
        if not pictures:
            assert request == {"prompt_token_ids": ids}
            continue
        shown = request["multi_modal_data"]["image"]
        assert [*map(bytes_of, shown)] == [bytes_of(open_image(picture)) for picture in pictures]
        # The text around the images is the prompt's, every id of it.
        plain = [token for token in ids if token >= 0]
        assert [token for token in request["prompt_token_ids"] if token != chat.images.placeholder] == plain


def test_a_text_model_s_request_is_its_ids_alone():
    assert asked(Prompt([5, 6], 0), None) == {"prompt_token_ids": [5, 6]}


def test_no_prompt_has_films_or_sounds():
    assert of_media(2) == {"limit_mm_per_prompt": {"image": 2, "video": 0, "audio": 0}}


def test_rollouts_hand_over_each_prompt_s_own_pictures(chat, rows):
    prompts = [chat.prompt_ids("What is it?", context) for context in rows.contexts]
    given = {}

    def generate(prompts, images, num_generations):
        given.update(prompts=prompts, images=images)
        return prompts, [[7] for _ in prompts], [[[-0.5]] for _ in prompts], None

    trainer = SimpleNamespace(
        state=SimpleNamespace(global_step=0), vllm_generation=SimpleNamespace(generate=generate)
    )
    torch.manual_seed(0)
    completions, logprobs = VllmRollouts(chat, Sampling(max_new_tokens=4), 0, 0, 512)(prompts, trainer)
    assert completions == [[7]] * len(prompts) and logprobs == [[-0.5]] * len(prompts)
    counts = [ids.count(chat.images.placeholder) for ids in given["prompts"]]
    assert counts == [len(pictures) for pictures in rows.pictures]
    shown = [[bytes_of(image) for image in own] if own else None for own in given["images"]]
    expected = [[bytes_of(open_image(one)) for one in pictures] or None for pictures in rows.pictures]
    assert shown == expected
