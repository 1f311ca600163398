"""The tokenizer of a model folder."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from tms.generation.template import choose_template
from tms.io import machine
from tms.io.errors import InputError, first_line

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


def load_tokenizer(folder: Path, template: str | None = None) -> PreTrainedTokenizerFast:
    """Load the tokenizer of a model folder, exactly as its tokenizer.json says.

    Args:
        folder: model folder.
        template: chat template (Jinja) to use instead of the folder's own.

    AutoTokenizer would choose a class by the model's type and rebuild the tokenizer: a word-level one in a
    Qwen2 folder then silently encodes every text to nothing (transformers 5.17).

    Raises:
        InputError: no readable tokenizer.json, or no chat template.
    """
    tokenizer_class = _tokenizer_class()
    try:
        tokenizer = tokenizer_class.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # tokenizers raises plain exceptions
        raise InputError(
            machine.refused(error, folder / "tokenizer.json")
            or f"{folder}: no readable tokenizer.json there ({first_line(error)}); run the stage that makes "
            f"the folder, or download the model again"
        ) from error
    tokenizer.chat_template = choose_template(folder, tokenizer) if template is None else template
    return tokenizer


def _tokenizer_class() -> type[PreTrainedTokenizerFast]:
    """transformers' class of tokenizers, imported without torch where torch is not there yet.

    Its module imports the reader of GGUF files, the one thing in it that needs torch (2 CPU s) and that is
    never used here. So it finds an empty module in the reader's place, which is gone afterwards.
    """
    reader = "transformers.modeling_gguf_pytorch_utils"
    empty = ModuleType(reader)
    empty.load_gguf_checkpoint = None
    placed = "torch" not in sys.modules and sys.modules.setdefault(reader, empty) is empty
    try:
        from transformers import PreTrainedTokenizerFast
    finally:
        if placed:
            del sys.modules[reader]
    return PreTrainedTokenizerFast
