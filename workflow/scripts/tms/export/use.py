"""Lines on the use of an exported folder, for its model card and for the terminal."""

import json
import shlex


def transformers_lines(name: str, max_new_tokens: int) -> list[str]:
    """Python that asks the model a question.

    Args:
        name: the folder, or the repository on the hub.
        max_new_tokens: longest completion of the task.
    """
    asked = '[{"role": "user", "content": "Hello"}]'
    return [
        "from transformers import pipeline",
        f'chat = pipeline("text-generation", {json.dumps(name)})',
        f"turns = chat({asked}, max_new_tokens={max_new_tokens}, do_sample=False)",
        'print(turns[0]["generated_text"][-1]["content"])',
    ]


def vllm_lines(name: str, max_new_tokens: int) -> list[str]:
    """Shell commands that serve the model, and ask it a question from another terminal."""
    asked = {"model": "tuned", "messages": [{"role": "user", "content": "Hello"}]}
    asked |= {"max_tokens": max_new_tokens}
    return [
        "pip install vllm",
        f"vllm serve {shlex.quote(name)} --served-model-name tuned --port 8000",
        "curl localhost:8000/v1/chat/completions -H 'Content-Type: application/json' \\",
        f"  -d '{json.dumps(asked)}'",
    ]
