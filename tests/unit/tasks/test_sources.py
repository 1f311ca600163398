"""Each benchmark's docstring says where its rows come from, and says what the code reads."""

import importlib
import re

import pytest

from tms.data import hub
from tms.io.code_digest import SCRIPTS
from tms.tasks import safetybench


def sources():
    for file in sorted((SCRIPTS / "tms" / "tasks").glob("[!_]*.py")):
        module = importlib.import_module(f"tms.tasks.{file.stem}")
        for value in vars(module).values():
            for source in value.values() if isinstance(value, dict) else [value]:
                if isinstance(source, hub.Source):
                    yield module, source


SOURCES = list(sources())


def test_all_benchmarks_are_here():
    assert len({module.__name__ for module, _ in SOURCES}) == 12  # SafetyBench makes its source on the way
    assert len({source.folder for _, source in SOURCES}) == 13


@pytest.mark.parametrize(
    "module, source", SOURCES, ids=[f"{source.repo}-{source.config}" for _, source in SOURCES]
)
def test_the_docstring_states_id_revision_columns_and_licence(module, source):
    text = module.__doc__
    assert source.repo in text and source.revision in text and "licence" in text
    assert f"https://huggingface.co/datasets/{source.repo}" in text
    assert all(column in text for column in source.columns)
    assert re.fullmatch("[0-9a-f]{40}", source.revision)


def test_safetybench_pins_what_it_can():
    assert "thu-coai/SafetyBench" in safetybench.__doc__ and "revision  main" in safetybench.__doc__
    commit = safetybench.ANSWERS.split("/")[-2]
    assert re.fullmatch("[0-9a-f]{40}", commit) and commit in safetybench.__doc__
