"""Pretrains the miniature that reads images: a Qwen2.5-VL with its vision tower; the loss is on answers."""

import argparse
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import torch
from transformers import (
    BatchFeature,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
)
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from tms.io.images import open_image
from tms.miniature import image_tokenizer as tokens
from tms.miniature.image_corpus import ImageCorpus, Item
from tms.miniature.pretraining import Example, Recipe, encode, save, train
from tms.vision.image_ids import image_run, image_runs

PATCH = 6  # pixels; four patches are one placeholder
SIDES = (12, 96)  # images of 12 x 12 to 96 x 96 pixels, and of no more, keep their size
VISION = {"hidden_size": 64, "intermediate_size": 96, "depth": 2, "num_heads": 2}
WINDOW = 48  # pixels: a picture of `read_words` is one window


def pretrain(args: argparse.Namespace, corpus: ImageCorpus, folder: Path) -> None:
    """Train the base and write it in bf16.

    Args:
        args: flags of `pretrain_images.py`.
        corpus: what it is trained on.
        folder: of the base.
    """
    torch.set_num_threads(1)
    tokenizer = tokens.build_tokenizer(corpus)
    processor = new_processor()
    model = new_model(tokenizer, args.width, args.layers, args.heads, args.feed_forward, args.seed)
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f}M parameters, {len(tokenizer)} tokens")
    recipe = Recipe(args.steps, args.batch, args.matrix_lr, args.other_lr)
    pictures = Pictures(tokenizer, processor)
    hook = model.model.register_forward_pre_hook(pictures.put_in, with_kwargs=True)

    def examples(stream: str) -> Iterator[Example]:
        return (pictures.encode(item) for item in corpus.items(stream))

    train(model, examples, recipe, args.seed, args.threads, "pretrain base")
    hook.remove()
    save(model.to(torch.bfloat16), tokenizer, folder)
    processor.save_pretrained(folder)


class Pictures:
    """Pictures between the corpus and the model: among token ids a run of negative ids stands for each.

    Args:
        tokenizer: of the model.
        processor: makes pixels of pictures.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerFast, processor: Qwen2VLImageProcessorPil):
        self.tokenizer, self.processor = tokenizer, processor
        self.placeholder = tokenizer.convert_tokens_to_ids(tokens.IMAGE)
        self._held: dict[int, BatchFeature] = {}
        self._numbers = count(1)

    def encode(self, item: Item) -> Example:
        """The example of an item; its picture is held until a pass over it."""
        if item.picture is None:
            return encode(self.tokenizer, [(item.prompt, item.answer)])[0]
        content = [{"type": "image"}, {"type": "text", "text": item.prompt}]
        ids, prompt = encode(self.tokenizer, [(content, item.answer)])[0]
        pixels = self.processor(open_image(item.picture), return_tensors="pt")
        number = next(self._numbers)
        self._held[number] = pixels
        run = image_run(number, int(pixels["image_grid_thw"].prod()) // self.processor.merge_size**2)
        place = ids.index(self.placeholder)
        return [*ids[:place], *run, *ids[place + 1 :]], prompt + len(run) - 1

    def put_in(self, model: torch.nn.Module, given: tuple, keys: dict) -> tuple[tuple, dict]:
        """Pre-hook of the model that embeds `input_ids` [batch, tokens]: gives it the pictures in them."""
        ids_BL = keys["input_ids"]
        inside_BL = ids_BL < 0
        numbers = [run.number for row in ids_BL.tolist() for run in image_runs(row)]
        if numbers:
            held = [self._held.pop(number) for number in numbers]
            keys |= {name: torch.cat([pixels[name] for pixels in held]) for name in held[0]}
            keys["input_ids"] = ids_BL.masked_fill(inside_BL, self.placeholder)
            keys["mm_token_type_ids"] = inside_BL.int()
        return given, keys


def new_processor() -> Qwen2VLImageProcessorPil:
    """Qwen2.5-VL's image processor, with smaller patches."""
    size = {"shortest_edge": SIDES[0] ** 2, "longest_edge": SIDES[1] ** 2}
    return Qwen2VLImageProcessorPil(size=size, patch_size=PATCH)


def new_model(
    tokenizer: PreTrainedTokenizerFast, width: int, layers: int, heads: int, feed_forward: int, seed: int
) -> Qwen2_5_VLForConditionalGeneration:
    """A randomly initialised Qwen2.5-VL with tied embeddings; the sizes are those of its language model."""
    torch.manual_seed(seed)
    half = width // heads // 2
    part = 3 * half // 8  # as in Qwen2.5-VL
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": heads,
        "intermediate_size": feed_forward,
        "max_position_embeddings": 512,
        # A small base for short texts, as for `tiny`; sections of time, height and width.
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": 500.0,
            "mrope_section": [half - 2 * part, part, part],
        },
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    vision = VISION | {
        "patch_size": PATCH,
        "out_hidden_size": width,
        "window_size": WINDOW,
        "fullatt_block_indexes": [VISION["depth"] - 1],
    }
    names = {
        "image_token_id": tokens.IMAGE,
        "video_token_id": tokens.VIDEO,
        "vision_start_token_id": tokens.VISION_START,
        "vision_end_token_id": tokens.VISION_END,
    }
    ids = {name: tokenizer.convert_tokens_to_ids(token) for name, token in names.items()}
    config = Qwen2_5_VLConfig(text_config=text, vision_config=vision, tie_word_embeddings=True, **ids)
    return Qwen2_5_VLForConditionalGeneration(config)
