"""Models of the Qwen2.5 architecture with random weights, small enough for a CPU."""

import shutil
import string
from pathlib import Path

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
TURNS = (
    "{%- for message in messages %}{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + "
    "'<|im_end|>\\n' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)
# Qwen2.5's chat template without tools: with the system prompt that it adds by itself.
QWEN_TURNS = (
    "{%- if messages[0]['role'] != 'system' %}{{- '<|im_start|>system\\nYou are Qwen, created by "
    "Alibaba Cloud. You are a helpful assistant.<|im_end|>\\n' }}{%- endif %}" + TURNS
)


def with_characters(folder: Path) -> None:
    """Write a model folder with a token for each character: a few thousand parameters, float32."""
    from transformers import Qwen2Tokenizer

    tokens = [*SPECIAL, "Ġ", "Ċ", *string.digits, *string.ascii_letters, *"+-*/=().,?:"]
    tokenizer = Qwen2Tokenizer(
        vocab={token: index for index, token in enumerate(tokens)},
        merges=[],
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        unk_token="<|endoftext|>",
        extra_special_tokens=["<|im_start|>"],
    )
    tokenizer.chat_template = TURNS
    sizes = {"vocab_size": 80, "hidden_size": 32, "intermediate_size": 64, "max_position_embeddings": 256}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 2}
    _write(folder, tokenizer, 2, "float32", **sizes, **heads, initializer_range=0.2, bos_token_id=None)


def with_byte_pairs(folder: Path, texts: list[str]) -> None:
    """Write a model folder with byte-level BPE learnt from `texts` and Qwen2.5's settings, bfloat16."""
    from tokenizers import ByteLevelBPETokenizer
    from transformers import PreTrainedTokenizerFast

    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator(texts, vocab_size=1500, special_tokens=SPECIAL, show_progress=False)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe._tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    tokenizer.chat_template = QWEN_TURNS
    # The vocabulary is padded, as Qwen2.5's is.
    sizes = {
        "vocab_size": 1536,
        "hidden_size": 128,
        "intermediate_size": 256,
        "max_position_embeddings": 8192,
    }
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2}
    heads |= {"rope_parameters": {"rope_type": "default", "rope_theta": 1_000_000.0}, "rms_norm_eps": 1e-6}
    _write(folder, tokenizer, [2, 0], "bfloat16", **sizes, **heads, initializer_range=0.1, bos_token_id=0)


def with_adapters(base: Path, folder: Path, seed: int, rank: int = 4) -> Path:
    """Write a checkpoint of LoRA adapters of a base, with random weights."""
    import torch
    from transformers import AutoModelForCausalLM

    from tms.model_folder.digest import write_digest
    from tms.training import lora
    from tms.training.settings import Lora

    folder.mkdir(parents=True)
    for file in base.iterdir():
        if file.suffix != ".safetensors" and file.name != "weights.json":
            shutil.copyfile(file, folder / file.name)
    model = lora.attach(AutoModelForCausalLM.from_pretrained(base), Lora(rank, 2 * rank), seed)
    torch.manual_seed(seed)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.2)
    lora.save(model, base, folder, torch.float32)
    write_digest(folder)
    return folder


def variant(
    base: Path, folder: Path, seed: int, dtype: str = "float32", architecture: str = "Qwen2", **changed
) -> Path:
    """Write a model folder as `base`, with other random weights and `changed` keys of its config."""
    import torch
    import transformers

    from tms.model_folder.digest import write_digest

    shutil.copytree(base, folder)
    torch.manual_seed(seed)
    config = getattr(transformers, f"{architecture}Config").from_pretrained(base, **changed)
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=getattr(torch, dtype))
    model.generation_config.eos_token_id, model.generation_config.pad_token_id = 2, 0
    model.save_pretrained(folder)
    write_digest(folder)
    return folder


def _write(folder: Path, tokenizer, end_token_ids, dtype: str, **keys) -> None:
    import torch
    from transformers import GenerationConfig, Qwen2Config, Qwen2ForCausalLM

    from tms.model_folder.digest import write_digest

    torch.manual_seed(0)
    keys |= {"num_hidden_layers": 2, "tie_word_embeddings": True, "eos_token_id": 2, "pad_token_id": 0}
    model = Qwen2ForCausalLM(Qwen2Config(**keys))
    model.generation_config = GenerationConfig(eos_token_id=end_token_ids, pad_token_id=0)
    model.to(getattr(torch, dtype)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    write_digest(folder)
