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
            if called == "LLM" or ((owner.startswith("Auto") or owner == "kind") and name in OPENS):
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
    assert unsaid == set()


def test_weights_are_read_in_one_place_from_safetensors_alone():
    reads = [
        keywords
        for place, keywords in calls()
        if place.startswith("tms/model_folder/load.py") and "kind" in place
    ]
    (words,) = [{word.arg: ast.unparse(word.value) for word in keywords} for keywords in reads]
    assert (words["use_safetensors"], words["local_files_only"]) == ("True", "True")
