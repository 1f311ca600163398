"""A model's own chat format: prompt text to token ids, token ids to text, and where a completion ends."""

from __future__ import annotations

import hashlib
import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tms.generation.template import (
    DATE,
    check_conversation,
    check_template,
    conversation_frame,
    render,
    without_control,
    written_end,
)
from tms.generation.tokenizer import load_tokenizer
from tms.generation.tool_chat import ToolChat
from tms.io import json_file
from tms.io.bounded import each_bounded
from tms.io.conversation import context_text, read_context
from tms.io.errors import InputError, first_line
from tms.model_folder.config import read_config
from tms.vision.families import placeholder_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tms.io.images import Images
    from tms.vision.prompt_images import PromptImages

# Parts of a config that describe the text model of several (transformers' `get_text_config`).
PARTS = ("text_config", "decoder", "generator", "text_encoder")


class ChatFormat:
    """The chat format of a model folder.

    Args:
        folder: model folder with a config, a tokenizer and its chat template.
        template: chat template to use instead of the folder's own; prompts then write their turns themselves,
            and hold `plain` of what they quote.
        images: of the rows that have some.

    Attributes:
        tokenizer: of the folder.
        end: id of the token that ends a trained answer: the one that the template writes there, else the
            tokenizer's end token.
        end_token_ids: ids of the tokens that end a completion: those of the generation config, else the
            tokenizer's end token; and `end`.
        context_length: in tokens.

    Raises:
        InputError: the folder has no readable config or tokenizer, no chat template or one that does not keep
            prompts, or no end token.
    """

    def __init__(self, folder: Path, template: str | None = None, images: Images | None = None):
        self.folder, self._images = folder, images
        self.tokenizer = load_tokenizer(folder, template)
        frame = check_template(folder, self.tokenizer)
        self.end, self.end_token_ids = self._ends()
        self.context_length = context_length(folder)
        self._writes_turns = template is not None
        self._frame = frame
        self._control = self.control_tokens()
        self._checked: set[tuple[str, ...]] = set()  # roles of conversations that the template keeps

    @property
    def template_digest(self) -> str:
        """SHA-256 (hex) of the chat template and the date that it may print."""
        return hashlib.sha256(f"{self.tokenizer.chat_template}\0{DATE}".encode()).hexdigest()

    def prompt_ids(self, prompt: str, context: str = "") -> list[int]:
        """Token ids of a user message, with everything up to where the model's answer begins.

        Args:
            prompt: the user's message.
            context: the messages before it, as the column of that name holds them. What the template adds
                (a default system prompt) and what it leaves out of earlier answers (their thoughts) is as in
                the model's use.

        Raises:
            InputError: the chat template refuses the message, or loses messages before it.
        """
        return self.prompts_ids([(prompt, context)])[0]

    def prompts_ids(self, prompts: list[tuple[str, str]]) -> list[list[int]]:
        """`prompt_ids` of many prompts, each with its context; quicker than one by one.

        Raises:
            InputError: as `prompt_ids`.
        """
        digests = [read_context(context).images for _, context in prompts]
        if any(digests) and self.images is None:
            raise InputError(f"{self.folder}: rows have images, and their files were not given (--images)")
        texts = each_bounded(lambda row: self._text(*row), prompts)
        ids = [self.tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
        return [self.images.put_in(one, own) if own else one for one, own in zip(ids, digests, strict=True)]

    @cached_property
    def images(self) -> PromptImages | None:
        """The images of prompts: what stands for them in ids, and their pixels; None where none are given.

        Raises:
            InputError: the model reads none.
        """
        if self._images is None or not self._images.files:
            return None
        from tms.vision.prompt_images import PromptImages  # with Pillow

        return PromptImages(self.folder, self._images)

    def check_images(self) -> None:
        """Check that the model reads images, and that its image processor and chat template do it as here.

        Raises:
            InputError: one of them does not.
        """
        from tms.io.images import Images
        from tms.vision.prompt_images import PromptImages

        images = PromptImages(self.folder, Images())
        text = self._text("Which?", context_text([], images=["0" * 64]))
        images.check_placeholders(self.tokenizer(text, add_special_tokens=False)["input_ids"], 1)

    def _text(self, prompt: str, context: str) -> str:
        before = read_context(context)
        if before.tools:
            return self.tools.prompt_text(prompt, context)
        if before.images and self._writes_turns:
            raise InputError(f"{self.folder}: a prompt that writes its turns itself can hold no images")
        if not before.messages and not before.images:
            message = prompt if self._writes_turns else self.plain(prompt)
            return render(self.folder, self.tokenizer, [{"role": "user", "content": message}])
        turns = [*before.messages, {"role": "user", "content": prompt}]
        self.check_roles(tuple(turn["role"] for turn in turns))
        plain = [turn | {"content": self.plain(turn["content"], context)} for turn in turns]
        if before.images:  # before the prompt's text
            parts = [{"type": "image"}] * len(before.images) + [
                {"type": "text", "text": plain[-1]["content"]}
            ]
            plain[-1]["content"] = parts
        return render(self.folder, self.tokenizer, plain)

    @cached_property
    def tools(self) -> ToolChat:
        """The format of conversations in which the model may call tools.

        Raises:
            InputError: the chat template takes none, or writes calls in another form.
        """
        return ToolChat(self)

    def plain(self, text: str, context: str = "") -> str:
        """A text without the model's control tokens, so that what it quotes cannot end or begin a turn.

        Args:
            text: of a prompt, an answer, or a message before the prompt.
            context: of its row; where there are messages, the marks of their turns are control tokens too.
        """
        if not context:
            return without_control(self._control, text)
        return without_control(
            self.tools.control if read_context(context).tools else self._turn_control, text
        )

    @cached_property
    def _turn_control(self) -> re.Pattern:
        """The control tokens, with those that mark turns of other roles than a single prompt has."""
        return self.control_tokens(conversation_frame(self.folder, self.tokenizer))

    def check_roles(self, roles: tuple[str, ...]) -> None:
        """Check, once for each order of roles, that the template keeps such conversations.

        Args:
            roles: of the messages, the user's prompt at the end included.

        Raises:
            InputError: it refuses them, or loses a message.
        """
        if roles not in self._checked:
            check_conversation(self.folder, self.tokenizer, roles)
            self._checked.add(roles)

    def answer_ids(self, text: str) -> tuple[list[int], list[int]]:
        """Token ids of an answer given as text, the end token included, and the character at which each ends.

        Args:
            text: `plain`.
        """
        encoded = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        ends = [end for _, end in encoded["offset_mapping"]]
        return [*encoded["input_ids"], self.end], [*ends, len(text)]

    def text(self, completion_ids: list[int]) -> str:
        """Text of a completion, without its special tokens and the token that ended it."""
        if completion_ids and completion_ids[-1] in self.end_token_ids:
            completion_ids = completion_ids[:-1]
        return self._decode(completion_ids, skip_special_tokens=True)

    @cached_property
    def _decode(self) -> Callable[..., str]:
        """`decode` of the tokenizer, or of its backend: the same texts in a third of the time."""
        cleaned = self.tokenizer.clean_up_tokenization_spaces
        return self.tokenizer.decode if cleaned else self.tokenizer.backend_tokenizer.decode

    def _ends(self) -> tuple[int, list[int]]:
        eos = self.tokenizer.eos_token_id
        ends = generation_config(self.folder).get("eos_token_id")
        ends = eos if ends is None else ends
        ends = ends if isinstance(ends, list) else [ends]
        if any(not isinstance(end, int | None) for end in ends):
            raise InputError(
                f"{self.folder}: eos_token_id {ends} in its generation_config.json: give token ids"
            )
        ends = sorted({*ends} - {None})
        end = written_end(self.folder, self.tokenizer)
        if end is not None:
            return end, sorted({*ends, end})
        if not ends:
            raise InputError(f"{self.folder}: no end token; set eos_token_id in its generation_config.json")
        return eos if eos in ends else ends[0], ends

    def control_tokens(self, frame: str = "") -> re.Pattern:
        """The tokenizer's special tokens, those that end a completion, and those with which the template
        marks turns: not every tokenizer lists these as special. Plain words are none.

        Args:
            frame: what the template writes around more than a single prompt.
        """
        frame = self._frame + frame
        added = self.tokenizer.added_tokens_decoder.values()
        marks = {token.content for token in added if token.content in frame}
        marks |= {self.tokenizer.decode([end]) for end in self.end_token_ids}
        tokens = {token.content for token in added if token.special} | {*self.tokenizer.all_special_tokens}
        tokens |= {mark for mark in marks if not mark.strip().isalnum()}
        if (placeholder := placeholder_of(self.folder)) is not None:
            tokens.add(self.tokenizer.convert_ids_to_tokens(placeholder) or "")
        longest_first = sorted(filter(str.strip, tokens), key=len, reverse=True)
        return re.compile("|".join(map(re.escape, longest_first)) or "(?!)")  # without any: matches nothing


def generation_config(folder: Path) -> dict:
    """A model folder's generation config; empty where there is none.

    Raises:
        InputError: it cannot be read.
    """
    file = folder / "generation_config.json"
    return json_file.read(file, "generation config", "correct it, or delete it") if file.exists() else {}


def context_length(folder: Path) -> int:
    """Tokens that a model's context holds.

    Raises:
        InputError: the folder has no readable config with that number.
    """
    remedy = "run the stage that makes the folder, or download the model again"
    config = json_file.read(folder / "config.json", "config of a model", remedy)
    try:
        if "max_position_embeddings" in config and not any(
            isinstance(config.get(part), dict) for part in PARTS
        ):
            length = config["max_position_embeddings"]
        else:  # a default of the model's kind, or another name for it: transformers knows, but imports torch
            length = read_config(folder).get_text_config().max_position_embeddings
        if type(length) is not int or length < 1:
            raise ValueError(f"it is {length!r:.40}")
        return length
    except (OSError, ValueError, AttributeError) as error:
        raise InputError(
            f"{folder}: no readable config.json with max_position_embeddings ({first_line(error)}); {remedy}"
        ) from error
