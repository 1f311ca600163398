"""The export of a run: its folder with a card, what is printed, what is refused, and the upload."""

import json
import shutil

import pytest
from helpers import push_hub
from helpers.card_project import Project
from huggingface_hub import ModelCard

from tms.generation.chat import ChatFormat
from tms.io import parquet
from tms.model_folder.digest import write_digest

RUN = "results/tiny/tms/chain/seed0"


@pytest.fixture
def project(tmp_path, tiny_model):
    """A project with a finished run."""
    project = Project(tmp_path)
    checkpoint = tmp_path / project.run() / "checkpoint-1of1"
    shutil.rmtree(checkpoint)
    shutil.copytree(tiny_model, checkpoint)
    write_digest(checkpoint)
    chat = ChatFormat(checkpoint)
    ids = chat.answer_ids("5")[0]
    row = {
        "example_id": "a",
        "benchmark": "chain",
        "split": "test",
        "seed": 0,
        "sample": 0,
        "checkpoint": "1of1",
    }
    row |= {"prompt": "2+3", "answer": "5", "completion": "5", "completion_ids": ids}
    row |= {"finish_reason": "stop", "seconds": 0.1}
    parquet.write(tmp_path / RUN / "generations.parquet", parquet.COMPLETIONS, [row], {})
    return project


def test_a_folder_with_its_card_and_how_to_use_it(project, program, tmp_path):
    done = program("export", "--run", RUN, "--to", "out/acme")
    assert done.returncode == 0, done.stderr
    card = ModelCard.load(tmp_path / "out" / "acme" / "README.md")
    assert card.data.model_name == "TMS-tiny-chain" and card.data.license == "apache-2.0"
    for text in (done.stdout, card.text):
        assert "from transformers import pipeline" in text
        assert "/v1/chat/completions" in text
    assert 'pipeline("text-generation", "out/acme")' in done.stdout
    assert "vllm serve out/acme " in done.stdout
    assert 'pipeline("text-generation", "acme")' in card.text
    assert str(tmp_path) not in card.text


def test_a_second_export_and_an_unfinished_run_are_refused(project, program, tmp_path):
    assert program("export", "--run", RUN, "--to", "out").returncode == 0
    before = sorted(path.name for path in (tmp_path / "out").iterdir())
    done = program("export", "--run", RUN, "--to", "out")
    assert (done.returncode, done.stderr) == (
        2,
        "error: out: exists already; choose another TO, or delete it\n",
    )
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == before
    shutil.rmtree(tmp_path / RUN / "checkpoint-1of1")
    done = program("export", "--run", RUN, "--to", "other")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "run .venv/bin/snakemake --cores all results/tiny/tms/table.csv" in done.stderr
    assert not (tmp_path / "other").exists()


def test_the_configuration_that_make_new_wrote_is_found(project, program, tmp_path):
    """config/acme.yaml holds for results/acme, without CONFIG."""
    own = {"models": {"acme": project.config["models"]["tiny"]}}
    (tmp_path / "config" / "acme.yaml").write_text(json.dumps(own))
    shutil.copytree(tmp_path / "results" / "tiny", tmp_path / "results" / "acme")
    done = program("export", "--run", RUN.replace("tiny", "acme"), "--to", "out")
    assert done.returncode == 0, done.stderr
    (tmp_path / "results" / "acme" / "base" / "scores.json").unlink()
    done = program("export", "--run", RUN.replace("tiny", "acme"), "--to", "other")
    assert "--configfile config/acme.yaml -- results/acme/tms/table.csv" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--run", ""], "RUN missing: make export RUN=results/acme/tms/faq/seed0 TO=acme-tms"),
        (["--run", "tiny/tms"], "write results/MODEL/METHOD/TASK/seedN"),
        (["--run", "results/x/tms/chain/seed0"], "the configuration has no models.x"),
        (["--run", RUN, "--push", "acme"], "PUSH=acme: write OWNER/NAME"),
    ],
)
def test_refusals(project, program, tmp_path, words, message):
    done = program("export", *words, "--to", "out")
    assert done.returncode == 2 and message in done.stderr
    assert not (tmp_path / "out").exists()


def test_upload(project, program, tmp_path, monkeypatch):
    import huggingface_hub.hf_api as api
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with push_hub.serve() as (hub, address):
        monkeypatch.setattr(api.constants, "ENDPOINT", address)
        monkeypatch.setattr(api.api, "endpoint", address)
        done = program("export", "--run", RUN, "--to", "out", "--push", "me/acme")
        assert done.returncode == 0, done.stderr
        again = program("export", "--run", RUN, "--to", "other", "--push", "me/acme")
    assert hub.repositories == {"me/acme": True}
    assert set(hub.files["me/acme"]) - {".gitattributes"} == {
        path.name for path in (tmp_path / "out").iterdir()
    }
    assert 'pipeline("text-generation", "me/acme")' in hub.files["me/acme"]["README.md"].decode()
    assert "the hub has a repository of this name" in again.stderr
    assert not (tmp_path / "other").exists()
