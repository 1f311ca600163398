"""pretrain_images.py: a base that reads pictures and loads as any other; the shipped one is copied."""

import json
import shlex
from itertools import islice

import pytest
from helpers.paths import ROOT
from helpers.pretrained_bases import PLACES, check_base, copied, pretrained
from helpers.shipped_config import SHIPPED

from tms.config.pretrained import IMAGES
from tms.config.stages import data
from tms.graders import facts as grader
from tms.graders import refusal as refusal_grader
from tms.io import parquet
from tms.io.images import Images, open_image
from tms.miniature.image_corpus import ImageCorpus, Item
from tms.tasks import facts, read_words, refusal
from tms.vision.image_ids import image_runs

TASKS = {
    "words": {"kind": "read_words"},
    "pairs": {"kind": "read_words", "options": {"words": 2}},
    "refusal": {"kind": "refusal"},
}
MODELS = ROOT / IMAGES.shipped


@pytest.fixture(scope="module")
def made(run_program, tmp_path_factory):
    """A pretraining of a few steps."""
    folder = tmp_path_factory.mktemp("pretrain_images")
    return pretrained(run_program, folder, "pretrain_images", TASKS, MODELS, steps=6)


class Reader:
    """A base as the library runs it: its own image processor, placeholders, `pixel_values`."""

    def __init__(self, folder, **given):
        import torch
        from transformers import AutoTokenizer, Qwen2_5_VLForConditionalGeneration
        from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

        torch.set_num_threads(1)
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.processor = Qwen2VLImageProcessorPil.from_pretrained(folder)
        self.model = Qwen2_5_VLForConditionalGeneration.from_pretrained(folder, **given).float().eval()

    def inputs(self, picture, prompt, answer=""):
        """Inputs of a row, and the number of the prompt's tokens."""
        import torch

        parts, pixels = [{"type": "text", "text": prompt}], {}
        if picture:
            parts.insert(0, {"type": "image"})
            pixels = dict(self.processor(open_image(picture), return_tensors="pt"))
        chat = [{"role": "user", "content": parts}]
        text = self.tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
        if picture:
            placeholders = pixels["image_grid_thw"].prod() // self.processor.merge_size**2
            text = text.replace("<|image_pad|>", "<|image_pad|>" * placeholders)
        before = self.tokenizer(text, return_tensors="pt").input_ids
        after = self.tokenizer(answer, return_tensors="pt").input_ids.long()
        ids = torch.cat([before, after], dim=1)
        kinds = (ids == self.model.config.image_token_id).int()
        return {"input_ids": ids, "mm_token_type_ids": kinds, **pixels}, before.shape[1]

    def answer(self, picture, prompt):
        """Greedy answer."""
        inputs, length = self.inputs(picture, prompt)
        ids = self.model.generate(**inputs, max_new_tokens=16, do_sample=False)
        return self.tokenizer.decode(ids[0, length:], skip_special_tokens=True)


def test_a_base_in_bf16_and_its_record(made):
    check_base(made, TASKS, steps=6)
    config = json.loads((made / "base/config.json").read_text())
    assert config["model_type"] == "qwen2_5_vl" and config["vision_config"]["patch_size"] == 6


def test_the_loss_of_a_batch_is_that_of_the_library_row_by_row(made):
    """Rows with pictures of several sizes and with none, as pretraining packs them."""
    import torch

    from tms.miniature.image_pretraining import Pictures
    from tms.miniature.pretraining import _backward

    reader = Reader(made / "base")
    items = list(islice(ImageCorpus(TASKS).items("a test"), 24))
    sizes = {open_image(item.picture).size for item in items if item.picture}
    assert len(sizes) > 2 and any(item.picture is None for item in items)
    summed = 0.0
    for item in items:
        inputs, prompt = reader.inputs(item.picture, item.prompt, item.answer + reader.tokenizer.eos_token)
        labels = inputs["input_ids"].clone()
        labels[:, :prompt] = -100
        with torch.no_grad():
            loss = reader.model(**inputs, labels=labels).loss
        summed += loss.item() * (labels.shape[1] - prompt)
    pictures = Pictures(reader.tokenizer, reader.processor)
    reader.model.model.register_forward_pre_hook(pictures.put_in, with_kwargs=True)
    loss, _ = _backward(reader.model, [pictures.encode(item) for item in items])
    assert loss == pytest.approx(summed, rel=1e-5)
    gradient = reader.model.model.visual.patch_embed.proj.weight.grad
    assert gradient.abs().max() > 0


def test_prompts_of_later_stages_are_those_that_it_was_trained_on(made, tmp_path):
    import torch

    from tms.generation.chat import ChatFormat
    from tms.miniature.image_pretraining import Pictures

    rows = read_words.build("test", 8, 0, {"words": 2})
    parquet.write(tmp_path / "test.parquet", [*parquet.PREPARED, "images"], rows, {})
    reader, chat = (
        Reader(made / "base"),
        ChatFormat(made / "base", images=Images([tmp_path / "test.parquet"])),
    )
    pictures = Pictures(reader.tokenizer, reader.processor)
    for row in rows:
        trained, length = pictures.encode(Item(row["images"][0]["bytes"], row["prompt"], "A"))
        asked = chat.prompt_ids(row["prompt"], row["context"])
        assert [max(token, -1) for token in asked] == [max(token, -1) for token in trained[:length]]
        (run,), (own,) = image_runs(asked), image_runs(trained)
        values = pictures._held[own.number]["pixel_values"]
        assert torch.equal(chat.images.pixels(run.number).values, values)


def test_the_shipped_base_is_that_of_the_shipped_configuration(program, tmp_path):
    """Else every run of `tiny_images` would pretrain: see workflow/resources/miniature_images/README.md."""
    flags = shlex.split(data.pretrain_flags(SHIPPED, "tiny_images"))
    done = program("pretrain_images", *flags, *PLACES, "--shipped", MODELS)
    assert copied(done, MODELS, tmp_path / "made") == 9
    assert (MODELS / "base/model.safetensors").stat().st_size < 2.5e6
    assert data.is_shipped(SHIPPED, "tiny_images")


@pytest.fixture(scope="module")
def shipped():
    return Reader(MODELS / "base")


def score(reader, rows, grader=grader):
    grades = []
    for row in rows:
        picture = row["images"][0]["bytes"] if "images" in row else None
        grades.append(grader.grade(reader.answer(picture, row["prompt"]), row["answer"]).score)
    return sum(grades) / len(grades)


def test_the_shipped_base_reads_a_word_and_not_yet_the_one_of_two_that_is_asked_for(shipped):
    alone = score(shipped, read_words.build("test", 60, 0, {}))
    of_two = score(shipped, read_words.build("test", 60, 0, {"words": 2}))
    assert alone >= 0.6
    assert 0.1 <= of_two <= 0.7


def test_the_shipped_base_knows_the_facts_and_what_to_refuse(shipped):
    assert score(shipped, facts.build("test", 60, 0, {})) >= 0.5
    assert score(shipped, refusal.build("test", 60, 0, {}), refusal_grader) >= 0.9
