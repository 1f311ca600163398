"""Prompt and completion ids of rows, for one model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tms.generation.chat import ChatFormat
from tms.io.conversation import read_context
from tms.tool_use.turns import read_turns

if TYPE_CHECKING:
    from tms.io.images import Images


class Encoder:
    """Encodes rows for one model; a prompt that comes again is tokenised once.

    Args:
        folder: model folder.
        images: of the rows that have some.
    """

    def __init__(self, folder: Path, images: Images | None = None):
        self.chat = ChatFormat(folder, images=images)
        self.end = self.chat.end
        self._prompts: dict[tuple[str, str], list[int]] = {}

    def prompt(self, row: dict) -> list[int]:
        """Ids of a row's prompt, and of the messages before it, in the model's own chat template.

        Args:
            row: columns `prompt` and, where messages stand before it, `context`.
        """
        self.read([row])
        return self._prompts[_key(row)]

    def read(self, rows: list[dict]) -> None:
        """Encode the prompts of rows, which `prompt` then gives: quicker than one by one (`prompts_ids`).

        Args:
            rows: as of `prompt`.
        """
        keys = [key for key in dict.fromkeys(map(_key, rows)) if key not in self._prompts]
        self._prompts.update(zip(keys, self.chat.prompts_ids(keys), strict=True))

    def completion(self, row: dict) -> list[int]:
        """Ids of a row's completion, the end token included; of an episode as `tms.io.token_ids` has them.

        Sampled ids, of a checkpoint or of the base, are taken as they are (tokenising their text again would
        change on-policy text); a teacher's text is tokenised, without control tokens that it may quote.

        Args:
            row: columns `source`, `completion`, `completion_ids` and, where messages stand before its prompt,
                `context`.
        """
        if row["source"] != "teacher":
            return row["completion_ids"]
        context = row.get("context", "")
        if read_context(context).tools:
            turns = read_turns(row["completion"])
            return self.chat.tools.episode_ids(row["prompt"], context, turns)
        return self.chat.answer_ids(self.chat.plain(row["completion"], context))[0]


def _key(row: dict) -> tuple[str, str]:
    return row["prompt"], row.get("context", "")
