"""The model that answers calls of simulated tools, with the completion cache."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tms.generation.engines.interface import Engine
from tms.generation.generate import ModelFolder, Request, generate_missing
from tms.generation.sampling import Sampling
from tms.tool_use.environments.simulated import Question

if TYPE_CHECKING:
    from tms.vision.prompt_images import PromptImages

NO_ROOM = {"completion": "", "seconds": 0.0}


class Simulator:
    """A model that answers questions: equal ones get one answer, which is stored as any row is.

    Args:
        model: that answers.
        engine: of its own, which keeps it loaded beside the one that calls.
        sampling: how answers are drawn.
        seed: of the answers.
        cache: folder of the completion cache.
        room: most tokens of a question and its answer; by default those of the model's context.
    """

    def __init__(
        self,
        model: ModelFolder,
        engine: Engine,
        sampling: Sampling,
        seed: int,
        cache: Path,
        room: int | None = None,
    ):
        self.model, self.sampling, self.seed, self.cache = model, sampling, seed, cache
        self.room = min(room or model.chat.context_length, model.chat.context_length)
        self.engine = _LoadedOnce(engine, self.room)

    def load(self) -> None:
        """Load the model, unless it is loaded. The caller's follows: engines take a share of what is free."""
        self.engine.load(self.model.folder, self.room)

    def answers(self, questions: list[Question]) -> list[dict]:
        """Answer questions, those that are not stored together.

        A question that is longer than the room loses its oldest requests; one that is so without any gets "".

        Returns:
            A row of each, with `completion` and `seconds`.
        """
        rows = {place: row for place, question in enumerate(questions) if (row := self._row(question))}
        request = Request(self.model, self.sampling, self.seed, list(rows.values()), "simulated answers")
        answered = dict(zip(rows, generate_missing([request], self.engine, self.cache), strict=True))
        if without := len(questions) - len(rows):
            print(
                f"warning: {without} of {len(questions)} questions of simulated tools leave no room for an "
                f"answer within {self.room} tokens of {self.model.folder}, and are told as errors; take a "
                f"simulator of a longer context, or lower its max_new_tokens",
                file=sys.stderr,
            )
        return [answered.get(place, NO_ROOM) for place in range(len(questions))]

    def _row(self, question: Question) -> dict | None:
        """The question as a row that is asked for; None where there is no room for it."""
        for latest in range(len(question.before), -1, -1):
            context, prompt = question.conversation(latest)
            tokens = len(self.model.chat.prompt_ids(prompt, context))
            if tokens + self.sampling.max_new_tokens <= self.room:
                return {"example_id": "", "context": context, "prompt": prompt, "sample": 0}
        return None


class _LoadedOnce:
    """An engine that loads one model once, with one room, however often it is asked to."""

    def __init__(self, engine: Engine, room: int):
        self.engine, self.room, self.folder = engine, room, None
        self.name, self.version, self.generate = engine.name, engine.version, engine.generate

    def load(self, folder: Path, room: int, images: PromptImages | None = None) -> None:
        """Load a model folder, unless it is loaded."""
        if folder != self.folder:
            self.engine.load(folder, self.room, images)
            self.folder = folder
