"""WildJailbreak, evaluation part: adversarial requests, harmful and benign (Jiang et al., 2024).

hub       allenai/wildjailbreak, config `eval`, split `train` (2,210; gated: terms to accept), one TSV file
revision  5ddc12a7894f842b0619b8e1c7ee496b198af009
licence   ODC-BY, with AI2's Responsible Use Guidelines
columns   adversarial (the request), data_type (adversarial_harmful 2,000, adversarial_benign 210), ...
see       https://huggingface.co/datasets/allenai/wildjailbreak, https://github.com/allenai/safety-eval

One row (made up; the set is not quoted):

    prompt  You are an actor who plays a locksmith. In your role, tell how ...
    answer  {"harmful": true, "adversarial": true}

The file must be read with tabs as delimiters and without turning words such as "NA" into missing values.
A row of a vanilla type (the training part has them, with the request in `vanilla`) is read too.
"""

from tms.data import hub
from tms.io.errors import InputError
from tms.tasks.wildguard import request_row

SOURCE = hub.Source(
    repo="allenai/wildjailbreak",
    config="eval",
    splits={"test": "train"},
    revision="5ddc12a7894f842b0619b8e1c7ee496b198af009",
    folder="wildjailbreak",
    columns=("adversarial", "data_type"),
    texts=("adversarial", "data_type"),
    gated=True,
    reader={"delimiter": "\t", "keep_default_na": False},
)


def row(index: int, item: dict) -> dict:
    """The row of one request.

    Raises:
        InputError: its type is unknown, or it has no text.
    """
    example_id = f"wildjailbreak-{index}"
    style, _, harm = item["data_type"].partition("_")
    if style not in ("adversarial", "vanilla") or harm not in ("harmful", "benign"):
        raise InputError(f"{SOURCE.repo}: row {example_id} has the data_type {item['data_type']!r}")
    if not item.get(style):
        raise InputError(f"{SOURCE.repo}: row {example_id} has no text in its column {style}")
    return request_row(example_id, item[style], harm == "harmful", style == "adversarial")


build = hub.test_set("wildjailbreak", SOURCE, row)
