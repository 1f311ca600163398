"""From a file of support answers and a small chat model to exported weights, as docs/own_data.md says it."""

import csv
import json
import subprocess
import sys

import pyarrow.parquet as pq
import pytest
from helpers import chat_model
from helpers.paths import SCRIPTS

from tms.io import parquet

pytestmark = pytest.mark.slow
RUN = "results/acme/tms/faq/seed0"
TABLE = "results/acme/tms/table.csv"
CONFIG = ("config/acme.yaml",)
# Names that a shell would run, cut or take for flags; what runs leaves a file MARK.
BASE = """x$(touch MARK) `touch MARK` "q" 'it'; touch MARK & # base"""
DATA = """--faq $(touch MARK)'; touch MARK; ".jsonl"""


def program(project, name, *words):
    command = [sys.executable, str(SCRIPTS / f"{name}.py"), *words]
    return subprocess.run(command, cwd=project.folder, capture_output=True, text=True, check=False)


def run(project, *words):
    return project.snakemake(*words, smoke=False, configs=CONFIG)


@pytest.fixture(scope="module")
def acme(new_project):
    """The project's folder after the guide's first two commands."""
    project = new_project("it's my data")
    chat_model.write_model(project.folder / BASE)
    chat_model.write_support(project.folder / DATA)
    done = program(project, "new", "--name=acme", f"--model={BASE}", f"--data={DATA}", "--task=faq")
    assert done.returncode == 0, done.stdout + done.stderr
    done = run(project, TABLE, "results/acme/table.csv")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    return project


def test_nothing_in_the_names_of_the_base_and_the_data_runs(acme):
    assert list(acme.folder.rglob("MARK*")) == []


def read_table(project, path):
    with (project.folder / path).open(newline="") as stream:
        return {line["row"]: line for line in csv.DictReader(stream)}


def test_the_config_is_short_and_each_line_says_what_it_is(acme):
    lines = (acme.folder / "config/acme.yaml").read_text().splitlines()
    assert len(lines) <= 15 and all("#" in line for line in lines)


def test_without_a_grader_losses_stand_in_the_table_and_no_score_does(acme):
    table = read_table(acme, "results/acme/table.csv")
    assert list(table) == ["base", "sft", "tms"]
    for row in table.values():
        assert (row["faq"], row["xfer"], row["forgetting"]) == ("", "", "")
    for method in ("sft", "tms"):
        assert float(table[method]["faq_loss"]) < float(table["base"]["faq_loss"])
        assert float(table[method]["general_kl"]) > 0


def test_every_split_has_rows_that_no_other_has(acme):
    splits = {
        name: {row["prompt"] for row in parquet.read(acme.folder / f"data/faq/{name}.parquet", ["prompt"])}
        for name in ("train", "heldout", "test")
    }
    assert sum(map(len, splits.values())) == len(set.union(*splits.values())) <= 160


def test_an_edited_answer_reruns_what_follows_and_generates_only_what_is_missing(acme):
    stored = rows(acme)
    (acme.folder / DATA).touch()
    assert acme.plan(TABLE, configs=CONFIG, smoke=False)[0] == {}
    file = acme.folder / DATA
    lines = file.read_text().splitlines()
    heldout = parquet.read(acme.folder / "data/faq/heldout.parquet", ["prompt"])[0]["prompt"]
    (place,) = [number for number, line in enumerate(lines) if json.loads(line)["question"] == heldout]
    lines[place] = json.dumps(json.loads(lines[place]) | {"reply": "Please ask our staff."})
    file.write_text("\n".join(lines) + "\n")
    planned = acme.plan(TABLE, configs=CONFIG, smoke=False)[0]
    assert planned["prepare"] == 3 and planned["train_sft"] == 1
    done = run(acme, TABLE)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    assert rows(acme) == stored  # neither weights nor prompts have changed


def rows(project):
    return sum(pq.read_metadata(path).num_rows for path in (project.folder / "rows").rglob("*.parquet"))


def test_the_exported_folder_is_the_runs_model_for_anyone(acme, tmp_path):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    done = program(acme, "export", f"--run={RUN}", f"--to={tmp_path / 'out'}", "--configfile", *CONFIG)
    assert done.returncode == 0, done.stdout + done.stderr
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"README.md", "config.json", "model.safetensors", "tokenizer.json"} <= names
    assert not names & {"weights.json", "update.json"}
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "out", dtype="float32")
    kept = parquet.read(
        acme.folder / RUN / "generations.parquet", ["prompt", "completion_ids", "finish_reason"]
    )
    (first, *_) = [row for row in kept if row["finish_reason"] == "stop"]
    turns = [{"role": "user", "content": first["prompt"]}]
    ids = tokenizer.apply_chat_template(
        turns, add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    out = model.generate(**ids, max_new_tokens=64, do_sample=False)
    assert out[0, ids["input_ids"].shape[1] :].tolist() == first["completion_ids"]


def test_targets_that_are_too_long_stop_the_run_before_it_costs_anything(acme):
    short = acme.overlay("short.yaml", "tasks: {faq: {max_new_tokens: 8}}\n")
    done = acme.snakemake("results/acme/sft/table.csv", smoke=False, configs=(*CONFIG, short))
    assert done.returncode
    said = done.stdout + done.stderr
    assert "targets carries loss" in said and "raise max_new_tokens of the task" in said
