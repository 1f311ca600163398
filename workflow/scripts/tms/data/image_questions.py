"""Questions on images of a data set of the hub: splits by image, prompts, images of the used rows."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tms.data import hub
from tms.data.options import read_options
from tms.data.stored_images import StoredImage
from tms.io.conversation import context_text
from tms.io.errors import InputError
from tms.io.images import image_digest

# As lmms-eval asks (lmms_eval/tasks/textvqa and docvqa): the graders compare the whole completion.
PROMPT = "{question}\nAnswer the question using a single word or phrase."


@dataclass(frozen=True)
class ImageQuestion:
    """A question on an image.

    Attributes:
        example_id: of the prepared row.
        question: as it is asked.
        golds: right answers, one or more.
        reference: the one that is trained on.
        image: name of the image; the contamination gate compares it with the question, since the same words
            on another image are another problem.
        group: of what the image shows a part of: held-out rows share no group with training rows.
        stored: the image.
    """

    example_id: str
    question: str
    golds: list[str]
    reference: str
    image: str
    group: str
    stored: StoredImage

    @property
    def problem(self) -> str:
        """The question, and the name of its image."""
        return f"{self.question}\nimage {self.image}"

    def row(self) -> dict:
        """The prepared row, with the image's bytes.

        Raises:
            InputError: the data set has no bytes of it; names the example.
        """
        try:
            data = self.stored.data()
        except InputError as error:
            raise InputError(f"{self.example_id}: {error}") from error
        return {
            "example_id": self.example_id,
            "context": context_text([], images=[image_digest(data)]),
            "prompt": PROMPT.format(question=self.question),
            "images": [{"bytes": data, "path": None}],
            "answer": json.dumps(self.golds, ensure_ascii=False),
            "problem": self.problem,
            "solution": self.reference,
            "cluster": self.group,
        }


def question_set(
    kind: str, source: hub.Source, read: Callable[[dict], ImageQuestion]
) -> Callable[..., list[dict]]:
    """The `build` of a task of questions on images; options: `revision`, and `order: hash` shuffles `test`.

    A tenth of the groups of the training split is held out, whatever sizes and seeds are asked for. Images
    are read of the rows that are asked for alone.

    Args:
        kind: the task's module, for messages.
        source: the data set; its split `test` has public answers.
        read: makes a question of a row of the data set.
    """

    def build(split: str, size: int, seed: int, options: dict, root: Path | None = None) -> list[dict]:
        settings = read_options(kind, options, hub.OPTIONS)
        questions = [read(item) for item in hub.load(source, split, root, settings["revision"])]
        if split != "test":
            questions = [one for one in questions if hub.is_heldout(one.group) == (split == "heldout")]
        rows = [{"example_id": one.example_id, "question": one} for one in questions]
        if split == "test":
            rows = hub.test_rows(rows, size, settings["order"])
        else:
            rows = hub.first(hub.shuffled(rows, seed), split, size)
        return [row["question"].row() for row in rows]

    return build
