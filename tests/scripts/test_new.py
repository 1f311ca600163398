"""A configuration for a model and data of one's own: what it holds, and what is refused."""

import json
import os
import shutil
import subprocess

import pytest
import yaml
from helpers.local_hub import serve
from helpers.paths import ROOT

from tms.config.check import check
from tms.config.load import configuration

NAMES = ["Snakefile", "workflow", "profiles", "docs"]
PLACES = ["reset my password", "pay an invoice", "cancel", "get a refund", "move"]


def faq(rows=160):
    """Support questions with answers of 6 to 10 words."""
    return [
        {"id": n, "question": f"how do i {PLACES[n % 5]} {n}?", "answer": "open settings " * (3 + n % 3)}
        for n in range(rows)
    ]


@pytest.fixture
def project(tmp_path, tiny_model, monkeypatch):
    """A project's folder without its environment, and the two things that a user has."""
    for name in NAMES:
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "config", tmp_path / "config")
    (tmp_path / "faq.jsonl").write_text("".join(json.dumps(row) + "\n" for row in faq()))
    shutil.copytree(tiny_model, tmp_path / "base")
    (tmp_path / "base" / "weights.json").unlink()  # a user's own folder has no record
    monkeypatch.setattr("tms.planned_jobs.jobs.jobs_of", lambda targets, files: [None] * 18)
    monkeypatch.setattr("tms.gpu_check.environment.visible_cards", lambda: [])
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def new(project, run_program):
    def run(*words, name="acme", model="base", data="faq.jsonl"):
        given = ["--name", name, "--model", model, "--data", data]
        return run_program(project, "new", *given, *words)

    return run


def written(project, name="acme"):
    return yaml.safe_load((project / "config" / f"{name}.yaml").read_text())


def test_the_file_is_short_commented_and_passes_every_check(new, project):
    done = new()
    assert done.returncode == 0, done.stderr
    lines = (project / "config" / "acme.yaml").read_text().splitlines()
    assert len(lines) <= 15
    assert all("  # " in line and line.rpartition("  # ")[2] for line in lines)
    values = written(project)
    assert values["experiments"] == {"main": ["sft", "tms"]}
    assert values["suites"] == {"acme": {"targets": ["faq"], "retention": [], "general": True}}
    assert values["models"]["acme"] == {
        **{"base": "base", "teacher": "given", "suite": "acme", "seeds": [0]},
        "training": {"learning_rate": 1e-3, "epochs": 3, "effective_batch": 8, "device_batch": 4},
    }
    task = values["tasks"]["faq"]
    assert (task["kind"], task["grader"]) == ("records", "none")
    assert task["options"] == {"files": "faq.jsonl", "columns": {"prompt": "question"}}
    assert sum(task[name] for name in ("train", "heldout", "test")) == 160
    config = configuration([project / "config" / "acme.yaml"])
    assert check(config, ["acme"]) == []


def test_checkpoints_of_a_small_bfloat16_base_are_stored_in_float32(new, project):
    file = project / "base" / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"dtype": "bfloat16"}))
    assert new().returncode == 0
    assert written(project)["models"]["acme"]["training"]["checkpoint_dtype"] == "float32"


def test_it_says_what_it_saw_and_what_comes_next(new):
    said = new().stdout
    assert "faq.jsonl: 160 rows" in said
    assert "prompt from question, answer from answer; not read: id" in said
    assert "0.0 % of the answers are longer" in said
    assert "no card here: everything runs on the CPU" in said
    assert "snakemake --cores all --configfile config/acme.yaml -- results/acme/tms/table.csv" in said
    assert "make estimate CONFIG=config/acme.yaml" in said


def test_a_file_is_never_overwritten(new, project):
    before = "# mine\n"
    (project / "config" / "acme.yaml").write_text(before)
    done = new()
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "config/acme.yaml exists already; choose another NAME" in done.stderr
    assert (project / "config" / "acme.yaml").read_text() == before


def test_all_faults_of_names_data_and_model_at_once(new, project):
    (project / "faq.jsonl").write_text('{"question": "a", "answer": "b"}\nnot json\n{"question": "c"}\n')
    (project / "base" / "chat_template.jinja").write_text("{{ 'no prompt' }}")
    (project / "base" / "model.safetensors").write_bytes(b"cut")
    done = new("--task", "math", name="../x")
    assert done.returncode == 2
    for words in ("NAME=../x", "TASK=math", "line 2", "line 3", "not a whole safetensors", "chat template"):
        assert words in done.stderr, words
    assert all(line.startswith("error: ") for line in done.stderr.splitlines())
    assert sorted(path.name for path in project.iterdir()) == sorted([*NAMES, "config", "faq.jsonl", "base"])


@pytest.mark.parametrize(
    ("words", "given", "message"),
    [
        ([], {"name": ""}, "NAME is missing: make new NAME=acme"),
        ([], {"name": "tiny"}, "NAME=tiny: config/config.yaml has models.tiny"),
        ([], {"name": "paper"}, "NAME=paper: config/config.yaml has suites.paper"),
        ([], {"name": "throughput"}, "config/throughput.yaml exists already"),
        ([], {"model": "bas"}, "MODEL=bas: no such folder"),
        ([], {"model": "config"}, "MODEL=config: no config.json there"),
        ([], {"data": "fap.jsonl"}, "fap.jsonl"),
        (["--grader", "exakt"], {}, "unknown name 'exakt'"),
        (["--columns", "prompt: q"], {}, "q"),
    ],
)
def test_refusals(new, project, words, given, message):
    done = new(*words, **given)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (project / "config" / "acme.yaml").exists()


def test_columns_that_no_name_tells_apart(new, project):
    rows = [{"a": row["question"], "b": row["answer"]} for row in faq()]
    (project / "faq.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = new()
    assert "none of its columns (a, b) is named like a prompt or an answer" in done.stderr
    done = new("--columns", "prompt: a, answer: b")
    assert done.returncode == 0, done.stderr
    assert written(project)["tasks"]["faq"]["options"]["columns"] == {"prompt": "a", "answer": "b"}


def test_repeated_prompts_are_left_out_and_told(new, project):
    (project / "twice.json").write_text(json.dumps([*faq(), *faq(3)]))
    done = new(data="twice.json")
    assert done.returncode == 0, done.stderr
    assert "3 more repeat an earlier prompt: left out (`duplicates: first`)" in done.stdout
    assert written(project)["tasks"]["twice"]["options"]["duplicates"] == "first"


def test_answers_that_the_run_could_not_use(new, project):
    rows = [{"prompt": row["question"], "answer": row["answer"] * 200} for row in faq()]
    (project / "long.json").write_text(json.dumps(rows))
    assert "error: long.json: 100% of the answers do not fit" in new(data="long.json").stderr
    assert "faq.jsonl: row" in (said := new("--grader", "choice").stderr) and "all 160 rows" in said
    said = new("--grader", "exat", model="nowhere").stderr
    assert "error: GRADER: unknown name 'exat'; did you mean exact?" in said and "nowhere" in said


def test_columns_that_may_belong_to_the_prompt(new, project):
    rows = [{"instruction": row["question"], "input": "in short", "output": row["answer"]} for row in faq()]
    (project / "alpaca.json").write_text(json.dumps(rows))
    told = "error: alpaca.json: input may belong to the prompt, but instruction alone would be read;"
    assert new(data="alpaca.json").stderr.startswith(told)
    assert new("--columns", "prompt: instruction, answer: output", data="alpaca.json").returncode == 0


def test_a_model_that_cannot_be_exported_is_told_before_it_is_trained(new, project):
    """A tokenizer with other splits in a folder of Qwen2: transformers would rebuild it."""
    tokenizer = json.loads((project / "base" / "tokenizer.json").read_text())
    tokenizer["pre_tokenizer"] = {
        "type": "ByteLevel",
        "add_prefix_space": True,
        "trim_offsets": True,
        "use_regex": True,
    }
    (project / "base" / "tokenizer.json").write_text(json.dumps(tokenizer))
    done = new()
    assert done.returncode == 0, done.stderr
    assert "warning: it can be trained, but not exported: base: AutoTokenizer" in done.stdout


def test_the_context_bounds_the_longest_answer(new, project):
    """The tiny model's context holds 256 tokens, a token a letter."""
    assert new().returncode == 0
    longest = written(project)["tasks"]["faq"]["max_new_tokens"]
    assert 150 < longest < 256
    rows = [row | {"question": row["question"] * 12} for row in faq()]
    (project / "faq.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = new(name="other")
    assert "leave no room for an answer in the 256 tokens" in done.stderr


def test_a_task_is_named_after_its_file(new, project):
    (project / "My FAQ (new).jsonl").write_bytes((project / "faq.jsonl").read_bytes())
    assert new(data="My FAQ (new).jsonl").returncode == 0
    assert list(written(project)["tasks"]) == ["My-FAQ-new"]


def test_a_model_of_the_hub_is_pinned(new, project, monkeypatch):
    from huggingface_hub import ModelInfo

    asked = []

    def model_info(self, repo, revision=None):
        asked.append((repo, revision))
        facts = {"parameters": {"F32": 5}, "total": 600_000_000}
        return ModelInfo(id=repo, sha="a" * 40, safetensors=facts)

    monkeypatch.setattr("huggingface_hub.HfApi.model_info", model_info)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda *words, **keys: str(project / "base"))
    done = new(model="someone/Small-Model")
    assert done.returncode == 0, done.stderr
    values = written(project)
    assert values["downloads"] == {"Small-Model": {"repo": "someone/Small-Model", "revision": "a" * 40}}
    entry = values["models"]["acme"]
    assert (entry["base"], entry["parameters"]) == ("models/hub/Small-Model", 6e8)
    assert len((project / "config" / "acme.yaml").read_text().splitlines()) <= 15
    # One that the configuration has already keeps the revision that is pinned there.
    pinned = configuration([])["downloads"]["Qwen2.5-3B-Instruct"]
    assert new(model=pinned["repo"], name="other").returncode == 0
    assert asked[-1] == (pinned["repo"], pinned["revision"])
    assert "downloads" not in written(project, "other")


def test_a_hub_out_of_reach_is_one_line(new, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    done = new(model="someone/model")
    assert "HF_HUB_OFFLINE forbids to ask the hub" in done.stderr
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    with serve() as (_, address):
        monkeypatch.setattr("huggingface_hub.hf_api.api.endpoint", address)
        monkeypatch.setattr("huggingface_hub.hf_api.constants.ENDPOINT", address)
        done = new(model="someone/model")
        assert "the hub shows no such model" in done.stderr
    monkeypatch.setattr("huggingface_hub.hf_api.constants.ENDPOINT", "http://127.0.0.1:9")
    done = new(model="someone/model", data="someone/data-v1.5")
    assert "MODEL=someone/model: no such folder, and the hub does not answer" in done.stderr
    assert "DATA=someone/data-v1.5: no such file, and the hub does not answer" in done.stderr
    assert done.stderr.count("\n") == 2


KEYS = {
    "new": ["NAME", "MODEL", "DATA", "GRADER", "TASK", "COLUMNS"],
    "export": ["RUN", "TO", "PUSH"],
    "settings": ["RUN"],
    "model-card": ["RUN"],
}
CONVERSATION = [
    {"role": "user", "content": "where is it?"},
    {"role": "assistant", "content": "which number?"},
    {"role": "user", "content": ""},
    {"role": "assistant", "content": "in lyon."},
]


def test_conversations(new, project):
    rows = [[*CONVERSATION[:2], CONVERSATION[2] | {"content": str(n)}, CONVERSATION[3]] for n in range(160)]
    (project / "chat.jsonl").write_text("".join(json.dumps({"conversations": row}) + "\n" for row in rows))
    done = new(data="chat.jsonl")
    assert done.returncode == 0, done.stderr
    assert "messages from conversations" in done.stdout
    assert "messages: 320 of user, 320 of assistant" in done.stdout
    assert "`train_on: all` in its options learns every one" in done.stdout
    assert written(project)["tasks"]["chat"]["options"]["columns"] == {"messages": "conversations"}


HOSTILE = """it's "a" $(touch pwned) `touch pwned` $HOME ;& #"""


@pytest.fixture
def made(tmp_path):
    """Call `made(target, *variables)`: the words with which `make` starts its first program."""
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    for program in (python, python.with_name("snakemake")):
        program.write_text('#!/bin/sh\ntest -e words || printf "%s\\0" "$@" > words\n')
        program.chmod(0o755)
    (tmp_path / "venv" / ".locked").touch()
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs" / "laptop.lock").touch()
    os.utime(tmp_path / "envs" / "laptop.lock", (0, 0))

    def start(target: str, *given: str) -> list[str]:
        words = ["make", "-f", str(ROOT / "Makefile"), "VENV=venv", target, *given]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert not (tmp_path / "pwned").exists()
        return (tmp_path / "words").read_text().split("\0")[:-1]

    return start


@pytest.mark.parametrize("target", KEYS)
def test_make_hands_over_words_as_they_are(made, target):
    """Neither make nor a shell reads them."""
    value = f"{HOSTILE}\n$(shell touch pwned)"
    found = made(target, *(f"{key}={key}{value}" for key in KEYS[target]))[1:]
    assert found == [f"--{key.lower()}={key}{value}" for key in KEYS[target]]


@pytest.mark.parametrize(
    ("target", "key"),
    [
        *(("estimate", "TARGET"), ("estimate", "ESTIMATE"), ("preflight", "TARGET"), ("status", "TARGET")),
        *(("check-stale", "TARGET"), ("memory", "MODEL"), ("gpu-check", "GPU_CHECK")),
    ],
)
def test_make_hands_over_several_words_as_they_are(made, target, key):
    value = f"{HOSTILE} $(shell touch pwned) --gpus 16"
    assert " ".join(value.split()) in " ".join(made(target, f"{key}={value}"))


def test_make_report_hands_over_a_model_as_it_is(made):
    assert made("report", f"MODEL={HOSTILE}")[-1] == f"results/{HOSTILE}/report.html"


def test_names_that_a_user_may_have(new, project):
    folder = project / """it's a "base" & 'more' $x"""
    shutil.copytree(project / "base", folder)
    data = project / """faq: "a" #1, {b} [c].jsonl"""
    data.write_bytes((project / "faq.jsonl").read_bytes())
    done = new(model=str(folder), data="faq.jsonl")
    assert done.returncode == 0, done.stderr
    assert written(project)["models"]["acme"]["base"] == str(folder)
    done = new("--task", "faq", data=str(data), name="other")
    if done.returncode == 0:
        assert written(project, "other")["tasks"]["faq"]["options"]["files"] == str(data)
    else:  # signs that some reader takes for a pattern
        assert "part of a pattern" in done.stderr


@pytest.mark.slow
def test_snakemake_plans_it(project, run_process, monkeypatch):
    done = run_process(project, "new", "--name", "acme", "--model", "base", "--data", "faq.jsonl")
    assert done.returncode == 0, done.stderr
    assert "config/acme.yaml is written: 18 jobs" in done.stdout
