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

from tms.data import hub

SOURCE = hub.Source(
    repo="allenai/wildguardmix",
    config="wildguardtest",
    splits={"test": "test"},
    revision="d29c47f41c8b51348b5c8e8c81c039b3132b66d1",
    folder="wildguardmix",
    columns=("prompt", "adversarial", "prompt_harm_label"),
    texts=("prompt",),
    gated=True,
)
HARMFUL = {"harmful": True, "unharmful": False}


def row(index: int, item: dict) -> dict | None:
    """The row of one request; None where its prompt has no label."""
    harmful = HARMFUL.get(item["prompt_harm_label"])
    if harmful is None:
        return None
    return request_row(f"wildguard-{index}", item["prompt"], harmful, item["adversarial"])


def request_row(example_id: str, prompt: str, harmful: bool, adversarial: bool) -> dict:
    """The row of one request."""
    return {
        "example_id": example_id,
        "prompt": prompt,
        "answer": json.dumps({"harmful": bool(harmful), "adversarial": bool(adversarial)}),
        "problem": prompt,
        "solution": "",
    }


build = hub.test_set("wildguard", SOURCE, row)
