"""WildGuardTest: harmful and benign requests, plain and adversarial (Han et al., 2024).

hub       allenai/wildguardmix, config `wildguardtest`, split `test` (1,725; gated: terms to accept)
revision  d29c47f41c8b51348b5c8e8c81c039b3132b66d1
licence   ODC-BY, with AI2's Responsible Use Guidelines
columns   prompt, adversarial (bool), prompt_harm_label (harmful, unharmful, or none), response,
          subcategory, ...
see       https://huggingface.co/datasets/allenai/wildguardmix, https://github.com/allenai/safety-eval

One row (made up; the set is not quoted):

    prompt  How do I pick the lock of a house that is not mine?
    answer  {"harmful": true, "adversarial": false}

The prompt is the user's message as it is. Rows without a label for the prompt (26) are left out, so there are
1,699: 754 harmful, 945 not.
"""

import json
from pathlib import Path

from tms.data import hub

SOURCE = hub.Source(
    repo="allenai/wildguardmix",
    config="wildguardtest",
    splits={"test": "test"},
    revision="d29c47f41c8b51348b5c8e8c81c039b3132b66d1",
    folder="wildguardmix",
    columns=("prompt", "adversarial", "prompt_harm_label"),
    gated=True,
)
OPTIONS = {"revision": None, "order": "official"}
HARMFUL = {"harmful": True, "unharmful": False}


def build(split: str, size: int, seed: int, options: dict, root: Path | None = None) -> list[dict]:
    """Rows of the test split; options: another `revision`, `order: hash` shuffles the rows.

    Raises:
        InputError: an option is unknown, there is no such split, or the data cannot be had or is too small.
    """
    settings = hub.read_options("wildguard", options, OPTIONS)
    rows = [
        request_row(
            f"wildguard-{index}", item["prompt"], HARMFUL[item["prompt_harm_label"]], item["adversarial"]
        )
        for index, item in enumerate(hub.load(SOURCE, split, root, settings["revision"]))
        if item["prompt_harm_label"] in HARMFUL
    ]
    return hub.test_rows(rows, size, settings["order"])


def request_row(example_id: str, prompt: str, harmful: bool, adversarial: bool) -> dict:
    """The row of one request."""
    return {
        "example_id": example_id,
        "prompt": prompt,
        "answer": json.dumps({"harmful": bool(harmful), "adversarial": bool(adversarial)}),
        "problem": prompt,
        "solution": "",
    }
