"""ARC-Challenge: grade-school science questions (Clark et al., 2018).

hub       allenai/ai2_arc, config `ARC-Challenge`, split `test` (1,172)
revision  210d026faf9955653af8916fad021475a3f00453
licence   CC BY-SA 4.0
columns   id, question, choices (lists `text` and `label`), answerKey
see       https://huggingface.co/datasets/allenai/ai2_arc, https://allenai.org/data/arc

One row:

    prompt    An astronomer observes that a planet rotates faster after a meteorite impact. Which is ...
    answer    {"label": "C", "labels": ["A", "B", "C", "D"], "texts": ["Planetary density will ...

There are three to five choices. The prompt shows the row's own labels, which are digits for the New York
Regents items (46 rows).
"""

from tms.data import hub
from tms.data.choice_prompt import choice_row
from tms.io.errors import InputError

SOURCE = hub.Source(
    repo="allenai/ai2_arc",
    config="ARC-Challenge",
    splits={"test": "test"},
    revision="210d026faf9955653af8916fad021475a3f00453",
    folder="arc_challenge",
    columns=("id", "question", "choices", "answerKey"),
    texts=("question", "answerKey"),
)


def row(index: int, item: dict) -> dict:
    """The row of one question.

    Raises:
        InputError: the key names none of the choices.
    """
    labels, texts = list(item["choices"]["label"]), list(item["choices"]["text"])
    if item["answerKey"] not in labels:
        raise InputError(
            f"{SOURCE.repo}: row {item['id']} has the key {item['answerKey']!r}, not one of {labels}"
        )
    return choice_row(f"arc-{item['id']}", item["question"], texts, labels.index(item["answerKey"]), labels)


build = hub.test_set("arc", SOURCE, row)
