"""A model's own chat format: prompt text to token ids, token ids to text, and where a completion ends."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import jinja2

from tms.io.errors import InputError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

# Templates that print today's date (Llama 3) print this one, else a prompt would change overnight.
DATE = "26 Jul 2024"

# Parts of a config that describe the text model of several (transformers' `get_text_config`).
PARTS = ("text_config", "decoder", "generator", "text_encoder")


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
        tokenizer = tokenizer_class.from_pretrained(folder, local_files_only=True)
    except Exception as error:  # tokenizers raises plain exceptions
        raise InputError(
            f"{folder}: no readable tokenizer.json there ({_first_line(error)}); run the stage that makes "
            f"the folder, or download the model again"
        ) from error
    if template is not None:
        tokenizer.chat_template = template
    if not tokenizer.chat_template:
        raise InputError(
            f"{folder}: the tokenizer has no chat template; use an instruction-tuned model, or put a "
            f"chat_template.jinja there"
        )
    return tokenizer


class ChatFormat:
    """The chat format of a model folder: `tokenizer`, `end_token_ids` and `context_length` (in tokens).

    Args:
        folder: model folder with a config, a tokenizer and its chat template.
        template: chat template to use instead of the folder's own.

    Raises:
        InputError: the folder has no readable config or tokenizer, no chat template, or no end token.
    """

    def __init__(self, folder: Path, template: str | None = None):
        self.folder = folder
        self.tokenizer = load_tokenizer(folder, template)
        self.end_token_ids = self._end_token_ids()
        self.context_length = context_length(folder)

    @property
    def template_digest(self) -> str:
        """SHA-256 (hex) of the chat template and the date that it may print."""
        return hashlib.sha256(f"{self.tokenizer.chat_template}\0{DATE}".encode()).hexdigest()

    def prompt_ids(self, prompt: str) -> list[int]:
        """Token ids of a user message, with everything up to where the model's answer begins.

        Raises:
            InputError: the chat template refuses the message.
        """
        try:
            return self.tokenizer.apply_chat_template(
                [{"role": "user", "content": prompt}],
                add_generation_prompt=True,
                return_dict=False,
                date_string=DATE,
            )
        except jinja2.TemplateError as error:
            raise InputError(
                f"{self.folder}: its chat template fails on a prompt ({_first_line(error)}); correct it"
            ) from error

    def plain(self, text: str) -> str:
        """A text without the tokenizer's special tokens, so that what it quotes cannot end a turn."""
        added = [token.content for token in self.tokenizer.added_tokens_decoder.values() if token.special]
        for token in sorted({*self.tokenizer.all_special_tokens, *added}, key=len, reverse=True):
            text = text.replace(token, " ")
        return text

    def text(self, completion_ids: list[int]) -> str:
        """Text of a completion, without its special tokens."""
        return self.tokenizer.decode(completion_ids, skip_special_tokens=True)

    def _end_token_ids(self) -> list[int]:
        """Tokens that end a completion: those of the generation config, else the tokenizer's end token."""
        settings = self.folder / "generation_config.json"
        ends = json.loads(settings.read_text()).get("eos_token_id") if settings.exists() else None
        if ends is None:
            ends = self.tokenizer.eos_token_id
        if ends is None:
            raise InputError(f"{self.folder}: no end token; set eos_token_id in its generation_config.json")
        return sorted(ends) if isinstance(ends, list) else [ends]


def context_length(folder: Path) -> int:
    """Tokens that a model's context holds.

    Raises:
        InputError: the folder has no readable config with that number.
    """
    try:
        config = json.loads((folder / "config.json").read_text())
        if "max_position_embeddings" in config and not any(
            isinstance(config.get(part), dict) for part in PARTS
        ):
            return config["max_position_embeddings"]
        # A default of the model's kind, or another name for it: transformers knows, but imports torch.
        from transformers import AutoConfig

        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        return config.get_text_config().max_position_embeddings
    except (OSError, ValueError, AttributeError) as error:
        raise InputError(
            f"{folder}: no readable config.json with max_position_embeddings ({_first_line(error)}); run the "
            f"stage that makes the folder, or download the model again"
        ) from error


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


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
