"""What a task's docstring says of its data set is what its module loads."""

import importlib

import pytest

from tms.data import hub
from tms.data.data_sources import FOLDER, data_source

KINDS = sorted(path.stem for path in FOLDER.glob("[!_]*.py"))


def sources(kind):
    """Every `hub.Source` of a module, by whether it has test rows."""
    members = vars(importlib.import_module(f"tms.tasks.{kind}")).values()
    found = [
        item for member in members for item in (member.values() if isinstance(member, dict) else [member])
    ]
    return [item for item in found if isinstance(item, hub.Source)]


@pytest.mark.parametrize("kind", KINDS)
def test_docstring_and_module_agree(kind):
    if kind == "safetybench":  # it makes its source of an option
        assert data_source(kind, training=False).repo == "thu-coai/SafetyBench"
        assert data_source(kind, training=False).revision == ""
        return
    loaded = sources(kind)
    if kind == "toolalpaca":  # it reads files of a repository
        stated = data_source(kind, training=True)
        assert stated == data_source(kind, training=False) and stated.licence == "Apache-2.0"
        module = importlib.import_module("tms.tasks.toolalpaca")
        assert stated.link == "https://github.com/tangqiaoyu/ToolAlpaca" and stated.revision in module.PAGE
    elif not loaded:
        assert data_source(kind, training=True) is data_source(kind, training=False) is None
    for source in loaded:
        training = "test" not in source.splits
        stated = data_source(kind, training=training)
        assert (stated.repo, stated.revision) == (source.repo, source.revision)
        assert stated.licence


def test_options():
    assert data_source("ifeval", training=True).repo == "allenai/RLVR-IFeval"
    assert data_source("ifeval", training=True).licence == "ODC-BY"
    assert data_source("ifeval", training=True, options={"train_on_test": True}).repo == "google/IFEval"
    assert data_source("ifeval", training=True, options={"train_revision": "a" * 40}).revision == "a" * 40
    assert data_source("math", training=True, options={"revision": "b" * 40}).revision == "b" * 40
    assert data_source("math", training=True, options={"order": "hash"}).repo == "EleutherAI/hendrycks_math"


def test_records_name_their_data_set_in_the_options():
    source = data_source("records", training=True, options={"hub": {"repo": "acme/faq", "revision": "v1"}})
    assert (source.repo, source.revision, source.licence) == ("acme/faq", "v1", "")
    assert data_source("records", training=True, options={"files": "faq.jsonl"}) is None


def test_the_benchmarks_of_the_paper_have_one():
    generated = {"calculate", "chain", "countdown", "facts", "lookup", "random_words", "read_words"}
    generated |= {"refusal", "toolcall"}
    for kind in set(KINDS) - {"records"}:
        assert (data_source(kind, training=False) is None) == (kind in generated)
