"""Fixtures of every test: a model of a few thousand parameters that is in truth a Qwen2."""

import string
from pathlib import Path

import pytest

from tms.io.cli import same_kernels

same_kernels()  # as the programs do, before a test imports torch

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@pytest.fixture(scope="module")
def patient_graders():
    """No mathematical answer is lost to a limit of wall-clock seconds where the machine is busy."""
    with pytest.MonkeyPatch.context() as patch:
        for module in ("tms.answers.math", "tms.experiments.answer_classes"):
            patch.setattr(f"{module}.SECONDS", 100)
        yield


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory) -> Path:
    """Model folder of a randomly initialised Qwen2 with a token for each character; copy it to change it."""
    import torch
    from transformers import GenerationConfig, Qwen2Config, Qwen2ForCausalLM, Qwen2Tokenizer

    from tms.mixture.checkpoints import write_digest

    torch.set_num_threads(1)
    tokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "Ġ", "Ċ"]
    tokens += [*string.digits, *string.ascii_letters, *"+-*/=().,?:"]
    tokenizer = Qwen2Tokenizer(
        vocab={token: index for index, token in enumerate(tokens)},
        merges=[],
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        unk_token="<|endoftext|>",
        extra_special_tokens=["<|im_start|>"],
    )
    tokenizer.chat_template = TEMPLATE
    torch.manual_seed(0)
    model = Qwen2ForCausalLM(
        Qwen2Config(
            vocab_size=80,
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=2,
            max_position_embeddings=256,
            tie_word_embeddings=True,
            initializer_range=0.2,
            bos_token_id=None,
            eos_token_id=2,
            pad_token_id=0,
        )
    )
    model.generation_config = GenerationConfig(eos_token_id=2, pad_token_id=0)
    folder = tmp_path_factory.mktemp("tiny") / "base"
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    write_digest(folder)
    return folder
