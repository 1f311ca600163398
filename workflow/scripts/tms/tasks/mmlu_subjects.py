"""MMLU's 57 subjects, reported beside MMLU-Pro (Hendrycks et al., 2021).

hub       cais/mmlu, config `all`, split `test` (14,042)
revision  c30699e8356da336a370243923dbaf21066bb9fe
licence   MIT
columns   question, subject, choices (4), answer (0 to 3)
see       https://huggingface.co/datasets/cais/mmlu, https://github.com/hendrycks/test

One row:

    prompt    Find the degree for the given field extension Q(sqrt(2), sqrt(3), sqrt(18)) over Q. ...
    answer    {"label": "B", "labels": ["A", "B", "C", "D"], "texts": ["0", "4", "2", "6"]}

105 rows repeat another row's question, most under another subject; the id is the row's index.
"""

from tms.data import hub
from tms.data.choice_prompt import choice_row

SOURCE = hub.Source(
    repo="cais/mmlu",
    config="all",
    splits={"test": "test"},
    revision="c30699e8356da336a370243923dbaf21066bb9fe",
    folder="mmlu",
    columns=("question", "subject", "choices", "answer"),
    texts=("question", "subject"),
)


def row(index: int, item: dict) -> dict:
    """The row of one question."""
    name = f"mmlu-{item['subject']}-{index}"
    return choice_row(name, item["question"], list(item["choices"]), int(item["answer"]))


build = hub.test_set("mmlu_subjects", SOURCE, row)
