"""No call of transformers' Auto classes or of vLLM is left to ask whether a folder's own code may run."""

import ast

from helpers.paths import SCRIPTS

OPENS = ("from_pretrained", "from_config")


def calls():
    """Calls that open a model, a tokenizer or a configuration by what its folder says: place, keywords."""
    for path in sorted(SCRIPTS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            owner, _, name = called.rpartition(".")
            if called == "LLM" or (owner.startswith("Auto") and name in OPENS):
                yield f"{path.relative_to(SCRIPTS)}:{called}", node.keywords


def test_each_refuses():
    found = list(calls())
    assert len(found) >= 7
    unsaid = {
        place
        for place, keywords in found
        if not any(
            word.arg == "trust_remote_code" and ast.unparse(word.value) == "False" for word in keywords
        )
    }
    # Its keywords are those of `load_model`, which has the test below.
    assert unsaid == {"tms/vision/models.py:AutoModelForCausalLM.from_pretrained"}


def test_load_model_hands_on_that_it_refuses():
    loads = ast.parse((SCRIPTS / "tms" / "model_folder" / "load.py").read_text())
    words = [word for node in ast.walk(loads) if isinstance(node, ast.Call) for word in node.keywords]
    said = {word.arg: ast.unparse(word.value) for word in words}
    assert (said["trust_remote_code"], said["use_safetensors"]) == ("False", "True")
