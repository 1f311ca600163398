"""Downloads of jobs, and the lines where the hub refuses them: links and the keys that do without."""

import copy

import httpx
import pytest
from helpers.shipped_config import SHIPPED
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

from tms.planned_jobs.jobs import Job
from tms.preflight.hub_access import Repository, faults, needed

LLAMA = "models/hub/Llama-3.3-70B-Instruct"
JOBS = [
    Job("download", {"download": "Llama-3.3-70B-Instruct"}, [], [LLAMA]),
    Job("teacher", {"task": "math", "suite": "paper", "teacher": "llama70b"}, [LLAMA], ["raw"]),
    Job("prepare", {"task": "wildguard", "split": "test"}, [], ["data/wildguard/test.parquet"]),
    Job("prepare", {"task": "ifeval", "split": "train"}, [], ["data/ifeval/train.parquet"]),
    Job("prepare", {"task": "ifeval", "split": "heldout"}, [], ["data/ifeval/heldout.parquet"]),
    Job("prepare", {"task": "chain", "split": "test"}, [], ["data/chain/test.parquet"]),
    Job("generate", {"model": "qwen3b", "run": "base"}, ["data/wildguard/test.parquet"], ["generations"]),
]


@pytest.fixture
def config():
    return copy.deepcopy(SHIPPED)


def test_what_is_needed_with_the_key_that_does_without(config):
    found = {item.repo: item for item in needed(JOBS, config)}
    assert list(found) == [
        "meta-llama/Llama-3.3-70B-Instruct",
        "allenai/wildguardmix",
        "allenai/RLVR-IFeval",
    ]
    assert "teachers.llama70b.model" in found["meta-llama/Llama-3.3-70B-Instruct"].without
    assert "take wildguard from suites.paper.safety" in found["allenai/wildguardmix"].without
    assert "ifeval from suites.paper.targets" in found["allenai/RLVR-IFeval"].without
    assert found["allenai/wildguardmix"].link == "https://huggingface.co/datasets/allenai/wildguardmix"


def test_a_task_of_a_joint_target(config):
    config["suites"]["paper"]["targets"] = ["math", "gsm8k+ifeval"]
    found = {item.repo: item for item in needed(JOBS, config)}
    assert "ifeval from suites.paper.targets" in found["allenai/RLVR-IFeval"].without


def test_local_copies_and_generated_tasks_ask_nothing(config):
    config["data"]["root"] = "copies"
    assert [item.kind for item in needed(JOBS, config)] == ["model"]
    assert needed(JOBS[5:], config) == []


MODEL = Repository("owner/model", "model", "name a folder of your own in models.m.base")
ROWS = Repository("owner/rows", "dataset", "take rows from suites.s.safety")


def refusing(errors: dict):
    def ask(item):
        if item.repo in errors:
            kind = errors[item.repo]
            if issubclass(kind, HfHubHTTPError):
                request = httpx.Request("GET", "http://hub")
                raise kind("refused", response=httpx.Response(403, request=request))
            raise kind("no route")

    return ask


def test_each_refusal_is_a_line_with_link_and_key():
    ask = refusing({"owner/model": RepositoryNotFoundError, "owner/rows": GatedRepoError})
    model, rows = faults([MODEL, ROWS], False, ask)
    assert "owner/model" in model and MODEL.without in model and "hf auth login" in model
    assert ROWS.link in rows and ROWS.without in rows and "accept its terms" in rows
    assert faults([MODEL, ROWS], False, refusing({})) == []


def test_a_hub_out_of_reach_is_one_line():
    ask = refusing({"owner/model": httpx.ConnectError, "owner/rows": httpx.ConnectError})
    (line,) = faults([MODEL, ROWS], False, ask)
    assert "cannot be reached (no route)" in line and "owner/rows" in line and "HF_HUB_OFFLINE=1" in line


def test_without_leave_to_ask_only_models_are_missing():
    """A data set may be in the hub's cache; a model's folder is not there, or it would have no job."""

    def ask(item):
        raise AssertionError("the network was used")

    assert faults([ROWS], True, ask) == []
    (line,) = faults([MODEL, ROWS], True, ask)
    assert "HF_HUB_OFFLINE forbids to download owner/model" in line and "models.m.base" in line
