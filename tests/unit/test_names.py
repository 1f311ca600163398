"""Rules, files and make targets that settings and documents name exist."""

import re

import pytest
import yaml
from helpers.paths import CONFIG, ROOT, SCRIPTS

RULES = {
    name
    for path in (ROOT / "workflow" / "rules").iterdir()
    for name in re.findall(r"^(?:rule|use rule \w+ as) (\w+)(?: with)?:", path.read_text(), re.M)
}
DOCUMENTS = [
    *ROOT.glob("*.md"),
    *ROOT.glob("docs/*.md"),
    *ROOT.glob("docs/results/*.md"),
    CONFIG / "README.md",
]
DOCUMENTS.remove(ROOT / "CHANGELOG.md")
FILE = re.compile(r"\b(?:workflow|tms|tests|config|benchmarks|envs|slurm|profiles|docs)/[\w./+-]+\.[a-z]+\b")
MADE = re.compile(
    r"config/(?:mine|acme)\.yaml|/x\.py|test_x\.py|tms/(?:\w+\.csv|answer\.json|summary\.md|chain/)"
)  # by the reader, or by a run
FOLDERS = [ROOT, SCRIPTS]


def test_throughputs():
    figures = yaml.safe_load((CONFIG / "throughput.yaml").read_text())
    assert figures["seconds"].keys() | figures["seconds_a_row"].keys() <= {*RULES, "other"}


def test_cluster_profile():
    profile = yaml.safe_load((ROOT / "slurm" / "config.v9+.yaml").read_text())
    assert profile["set-resources"].keys() <= RULES


def test_picture_of_the_stages():
    """`make dag` draws it."""
    drawn = set(re.findall(r">(\w+)</text>", (ROOT / "docs" / "dag.svg").read_text()))
    assert {"harvest", "report"} <= drawn <= RULES


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_documents(path):
    text = path.read_text()
    named = [name for name in FILE.findall(text) if not MADE.search(name)]
    assert [name for name in named if not any((folder / name).exists() for folder in FOLDERS)] == []
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    commands = re.findall(r"(?:`|\$ (?:time )?)make ([a-z][a-z-]*)", text)
    assert set(commands) <= targets


def test_a_slow_test_is_marked_in_its_own_file():
    """`tests/conftest.py` leaves out, where slow tests alone run, files in which the mark is not written."""
    shared = {*ROOT.glob("tests/**/*.py")} - {
        *ROOT.glob("tests/**/test_*.py"),
        ROOT / "tests" / "conftest.py",
    }
    assert shared and not [path for path in shared if "mark.slow" in path.read_text()]
