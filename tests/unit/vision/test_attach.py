"""A model reads ids with images as the library's own model reads ids and pixels."""

import pytest
import torch
from helpers import tiny_vision
from helpers.tiny_vision import library, library_inputs

from tms.generation.chat import ChatFormat
from tms.io.images import Images
from tms.metrics.divergence import sequence_kl, sequence_nll
from tms.model_folder.load import load_model
from tms.vision.image_ids import image_runs
from tms.vision.positions import positions_of
from tms.vision.processor import Grid

ANSWER = [30, 41, 2]


@pytest.fixture
def chat(folder, rows):
    return ChatFormat(folder, images=rows.images)


@pytest.fixture
def model(folder, chat):
    return load_model(folder, torch.float32, images=chat.images).eval()


@pytest.mark.parametrize("row", range(4))
def test_logits_are_the_librarys(folder, chat, model, rows, row):
    ids = chat.prompt_ids("What is it?", rows.contexts[row]) + ANSWER
    with torch.no_grad():
        own = model(input_ids=torch.tensor([ids]), use_cache=False).logits
        other = library(folder)(**library_inputs(chat, ids), use_cache=False).logits
    torch.testing.assert_close(own, other, rtol=0, atol=2e-5)
    assert own.std() > 0.1  # a model that tells tokens apart


def test_another_image_changes_the_answer(folder, tmp_path):
    contexts = tiny_vision.prepared(
        tmp_path / "rows.parquet", [[tiny_vision.picture(8)], [tiny_vision.picture(9)]]
    )
    chat = ChatFormat(folder, images=Images([tmp_path / "rows.parquet"]))
    model = load_model(folder, torch.float32, images=chat.images).eval()
    both = [torch.tensor([chat.prompt_ids("What?", context)]) for context in contexts]
    with torch.no_grad():
        one, other = (model(input_ids=ids, use_cache=False).logits[0, -1] for ids in both)
    assert (one - other).abs().max() > 1e-3


def test_a_padded_batch_of_rows_with_and_without_images_is_the_rows_alone(chat, model, rows):
    sequences = [(chat.prompt_ids("What is it?", context), ANSWER) for context in rows.contexts]
    together = sequence_nll(model, sequences, lambda count: None)
    alone = [sequence_nll(model, [one], lambda count: None)[0] for one in sequences]
    assert together == pytest.approx(alone, abs=1e-4) and len({round(value, 3) for value in alone}) == 4
    assert max(sequence_kl(model, model, sequences, lambda count: None)) < 1e-6


@pytest.mark.parametrize("sampled", ["<|image_pad|>", "<|vision_start|>", "<|audio_start|>"])
def test_a_completion_may_hold_the_marks_of_media(chat, model, rows, sampled):
    """The library takes a sampled placeholder for one of the prompt's, or a mark for the begin of a sound."""
    mark = tiny_vision.TOKENS.index(sampled)
    ids = chat.prompt_ids("What?", rows.contexts[0])
    nll = sequence_nll(model, [(ids, [30, mark, 41, mark])], lambda count: None)
    assert 0 < nll[0] < 100


def test_positions_are_the_librarys(folder, chat, rows):
    ids = chat.prompt_ids("What?", rows.contexts[2]) + ANSWER
    inputs = library_inputs(chat, ids)
    inputs.pop("pixel_values")
    own = library(folder)
    positions, _ = (own if hasattr(own, "get_rope_index") else own.model).get_rope_index(**inputs)
    assert torch.equal(chat.images.positions(ids)[:, None], positions)


def test_positions_of_a_text_count_on():
    assert positions_of(4, [], [], 2).tolist() == [[0, 1, 2, 3]] * 3
    run = image_runs([5, -9, -1, 5, 5])
    assert positions_of(5, run, [Grid(1, 2, 4)], 2).tolist() == [
        [0, 1, 1, 3, 4],
        [0, 1, 1, 3, 4],
        [0, 1, 2, 3, 4],
    ]


def test_texts_of_a_model_that_could_read_images_change_in_no_bit(folder, model, chat):
    ids = torch.tensor([chat.prompt_ids("What is it?") + ANSWER])
    bare = load_model(folder, torch.float32).eval()
    with torch.no_grad():
        assert torch.equal(model(input_ids=ids, use_cache=False).logits, bare(input_ids=ids).logits)


def test_ids_of_an_image_that_was_cut_are_refused(chat, model, rows):
    ids = chat.prompt_ids("What?", rows.contexts[3])
    run = image_runs(ids)[0]
    del ids[run.stop - 1]
    with pytest.raises(ValueError, match=f"{run.stop - run.start - 1} ids of an image that has"):
        model(input_ids=torch.tensor([ids]))
