"""Random models that read images, of true architectures and 60,000 parameters, and images for them."""

import io
import json
import string
from pathlib import Path

from helpers.tiny_models import SPECIAL

MARKS = ["<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>", "<|audio_pad|>"]
MARKS += ["<|audio_start|>", "<|audio_end|>"]
TOKENS = [*SPECIAL, *MARKS, "Ġ", "Ċ", *string.digits, *string.ascii_letters, *"+-*/=().,?:"]
# Qwen2.5-VL's, but for videos and numbers of pictures.
TURNS = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' }}"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}"
    "{{ '<|vision_start|><|image_pad|><|vision_end|>' }}"
    "{% elif 'text' in part %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %}{{ '<|im_end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
TEXT = {
    **{"vocab_size": 88, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2},
    **{"num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 512},
    "rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [2, 3, 3]},
    **{"bos_token_id": None, "eos_token_id": 2, "pad_token_id": 0, "initializer_range": 0.2},
}
VISION = {
    **{"depth": 2, "hidden_size": 32, "intermediate_size": 48, "num_heads": 2, "patch_size": 4},
    **{"out_hidden_size": 32, "window_size": 16, "fullatt_block_indexes": [1], "initializer_range": 0.2},
}
AUDIO = {
    **{"encoder_layers": 1, "encoder_attention_heads": 2, "encoder_ffn_dim": 32, "d_model": 32},
    **{"output_dim": 32, "num_mel_bins": 16, "n_window": 4, "max_source_positions": 16},
}
IDS = {
    name: TOKENS.index(mark) for name, mark in zip("start end image video audio".split(), MARKS, strict=False)
}
PIXELS = {"min_pixels": 64, "max_pixels": 1024}  # 1 to 16 tokens


def write_vl(folder: Path, seed: int = 0, dtype: str = "float32") -> Path:
    """Write a folder of Qwen2.5-VL."""
    import torch
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    torch.manual_seed(seed)
    config = Qwen2_5_VLConfig(
        text_config=TEXT,
        vision_config=VISION,
        image_token_id=IDS["image"],
        video_token_id=IDS["video"],
        vision_start_token_id=IDS["start"],
        vision_end_token_id=IDS["end"],
        tie_word_embeddings=True,
    )
    model = Qwen2_5_VLForConditionalGeneration(config).to(getattr(torch, dtype))
    model.save_pretrained(folder)
    return _finish(folder)


def write_omni(folder: Path, seed: int = 0) -> Path:
    """Write a folder of Qwen2.5-Omni: config of all parts, weights of the thinker and of another."""
    import torch
    from safetensors.torch import save_file
    from transformers import Qwen2_5OmniConfig, Qwen2_5OmniThinkerConfig
    from transformers import Qwen2_5OmniThinkerForConditionalGeneration as Thinker

    torch.manual_seed(seed)
    config = Qwen2_5OmniThinkerConfig(
        audio_config=AUDIO,
        text_config=TEXT,
        vision_config=VISION,
        image_token_index=IDS["image"],
        video_token_index=IDS["video"],
        audio_token_index=IDS["audio"],
        audio_start_token_id=TOKENS.index("<|audio_start|>"),
        audio_end_token_id=TOKENS.index("<|audio_end|>"),
        vision_start_token_id=IDS["start"],
        vision_end_token_id=IDS["end"],
        initializer_range=0.2,
    )
    weights = {f"thinker.{name}": value for name, value in Thinker(config).state_dict().items()}
    Qwen2_5OmniConfig(thinker_config=config.to_dict(), dtype="float32").save_pretrained(folder)
    save_file(weights | {"talker.head": torch.zeros(3)}, folder / "model.safetensors", {"format": "pt"})
    return _finish(folder)


def _finish(folder: Path) -> Path:
    from transformers import GenerationConfig, Qwen2Tokenizer

    from tms.model_folder.digest import write_digest

    tokenizer = Qwen2Tokenizer(
        vocab={token: index for index, token in enumerate(TOKENS)},
        merges=[],
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        unk_token="<|endoftext|>",
        extra_special_tokens=["<|im_start|>", *MARKS],
    )
    tokenizer.chat_template = TURNS
    tokenizer.save_pretrained(folder)
    GenerationConfig(eos_token_id=2, pad_token_id=0).save_pretrained(folder)
    sizes = {"patch_size": 4, "merge_size": 2, "temporal_patch_size": 2}
    processor = {"image_processor_type": "Qwen2VLImageProcessor", **PIXELS, **sizes}
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    write_digest(folder)
    return folder


def picture(seed: int, width: int = 16, height: int = 8) -> bytes:
    """A PNG file of random pixels."""
    import numpy as np
    from PIL import Image

    stream = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def prepared(file: Path, pictures: list[list[bytes]]) -> list[str]:
    """Write prepared rows with these images, and return the rows' contexts ("" where a row has none)."""
    from tms.io import parquet
    from tms.io.conversation import context_text
    from tms.io.images import image_digest

    contexts = [context_text([], images=[image_digest(data) for data in row]) for row in pictures]
    rows = [
        {"example_id": f"row-{number}", "context": context, "prompt": "?", "answer": "", "problem": "",
         "solution": "", "images": [{"bytes": data, "path": None} for data in row]}
        for number, (row, context) in enumerate(zip(pictures, contexts, strict=True))
    ]  # fmt: skip
    parquet.write(file, [*parquet.PREPARED, "images"], rows, {"stage": "prepare"})
    return contexts


def library(folder):
    """transformers' own model of a folder."""
    import transformers

    name = "Qwen2_5_VL" if (folder / "config.json").read_text().count("qwen2_5_vl") else "Qwen2_5OmniThinker"
    kind = getattr(transformers, f"{name}ForConditionalGeneration")
    return kind.from_pretrained(folder).eval()


def library_inputs(chat, ids):
    """The same row as the library wants it: placeholders, pixels, the kind of each token, and a mask."""
    import torch

    from tms.vision.image_ids import image_runs

    runs = image_runs(ids)
    inputs = {"input_ids": torch.tensor([[chat.images.placeholder if token < 0 else token for token in ids]])}
    inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
    if runs:
        pixels = [chat.images.pixels(run.number) for run in runs]
        inputs["pixel_values"] = torch.cat([one.values for one in pixels])
        inputs["image_grid_thw"] = torch.tensor([one.grid for one in pixels])
        if "vl" in chat.folder.name:
            inputs["mm_token_type_ids"] = (inputs["input_ids"] == chat.images.placeholder).int()
    return inputs
