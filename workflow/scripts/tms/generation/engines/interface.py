"""Interface of the engines: programs that continue token ids, row-seeded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tms.generation.sampling import Sampling

if TYPE_CHECKING:
    from tms.vision.prompt_images import PromptImages

ENGINES = ["transformers", "vllm"]
# vLLM's part of a GPU, which the memory plan reckons with too. Its own numbers of rows and tokens depend on
# the card: 256 and 8,192 on an A100, four and two times as many on an H100 (vLLM 0.31).
MEMORY_SHARE = 0.9  # of a card, where a job only generates
ROLLOUT_SHARE = 0.4  # beside a policy in training, while it generates; asleep it holds none
MOST_ROWS = 256  # that are decoded at once
MOST_TOKENS = 8192  # of a step, prompts included


@dataclass(frozen=True)
class Prompt:
    """A prompt to continue, and the key of its row's noise."""

    prompt_ids: list[int]
    noise_key: int


@dataclass(frozen=True)
class Finished:
    """A generated row; `index` is its prompt's place in the list."""

    index: int
    completion_ids: list[int]  # includes the end token where finish_reason is "stop"
    finish_reason: str  # stop | length
    seconds: float  # this row's share of its batches' time


class Engine(Protocol):
    """An engine; its name and version are part of a row's key, and known before a model is loaded."""

    name: str
    version: str

    def load(self, folder: Path, room: int, images: PromptImages | None = None) -> None:
        """Make a model folder the one that generates; cheap where another of its kind was loaded before.

        Args:
            folder: model folder.
            room: longest row that will be asked for, prompt and completion, in tokens.
            images: in the prompts; None: there are none.

        Raises:
            InputError: the folder cannot be loaded.
        """

    def generate(
        self,
        prompts: list[Prompt],
        sampling: Sampling,
        end_token_ids: list[int],
        on_rows: Callable[[list[Finished]], None],
    ) -> None:
        """Continue every prompt and hand rows over as they finish, in any order."""
