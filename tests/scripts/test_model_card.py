"""Model cards: numbers, settings, licences and names; huggingface_hub reads and checks them."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from helpers import card_hub, paths
from huggingface_hub import ModelCard, metadata_load
from hypothesis import given
from hypothesis import strategies as st
from snakemake.utils import update_config

from tms.config import study as settings
from tms.config.method_kinds import KINDS
from tms.config.run_folder import Run, parse_run
from tms.config.stages.mixture import mixture_weights
from tms.io import parquet
from tms.io.errors import InputError
from tms.model_card import card as model_card
from tms.model_card import licences

CONFIG = settings.expanded(yaml.safe_load((paths.ROOT / "config" / "config.yaml").read_text()))
METRICS = {"hotpotqa": "f1", "ifeval": "prompt_strict", "wildguard": "1-asr", "wildjailbreak": "1-asr"}


class Project:
    """A folder with a configuration, and runs of which only what a card reads is there."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.config = CONFIG
        (folder / "config").mkdir()
        (folder / "config" / "config.yaml").write_text((paths.CONFIG / "config.yaml").read_text())

    def overlay(self, **values) -> Path:
        path = self.folder / "config" / "more.yaml"
        path.write_text(yaml.safe_dump(values))
        self.config = json.loads(json.dumps(CONFIG))
        update_config(self.config, values)
        return path

    def write(self, path: str, content: dict) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(json.dumps(content))

    def scores(self, model: str, values: dict[str, float], default: float) -> dict:
        return {
            name: {
                "metric": METRICS.get(name, "accuracy"),
                "score": values.get(name, default),
                "n": 400,
                "ci_low": values.get(name, default) - 0.04,
                "ci_high": values.get(name, default) + 0.05,
            }
            for name in settings.benchmarks(self.config, model)
        }

    def run(self, model="tiny", method="tms", task="chain", seed=0, scores=None, plan=None) -> str:
        """Make a run's files; gives its folder."""
        config = self.config
        folder = f"results/{model}/{method}/{task}/seed{seed}"
        self.write(f"results/{model}/base/scores.json", self.scores(model, {}, 0.5))
        self.write(f"{folder}/scores.json", self.scores(model, scores or {}, 0.6))
        cost = {"optimizer_steps": 64, "trained_tokens": 71234, "generated_tokens": 0, "seconds": 3.5}
        self.write(f"{folder}/train.cost.json", cost)
        if method in settings.students(config):
            mixture = mixture_weights(config, model, method)
            facts = {
                "seed": seed,
                "alpha": mixture.alpha,
                "points": mixture.points,
                "weights": mixture.weights,
            }
            parquet.write(self.folder / folder / "plan.parquet", parquet.PLAN, [], facts | (plan or {}))
        data = f"data/{task}/{config['models'][model]['suite']}"
        counts = {"prompts": 100, "kept": 91, "dropped": 9, "rejects": {"not needed": 40, "wrong answer": 30}}
        self.write(f"{data}/{config['models'][model]['teacher']}/filter.json", {"train": counts})
        pair = {"rows": 400, "exact": 0, "overlapping": 0, "share": 0.0, "outcome": "ok", "reason": ""}
        benchmarks = {name: pair for name in settings.benchmarks(config, model)}
        self.write(f"{data}/contamination.json", {"task": task, "max_share": 0.01, "benchmarks": benchmarks})
        checkpoint = self.folder / folder / "checkpoint-1of1"
        checkpoint.mkdir()
        (checkpoint / "model.safetensors").write_bytes(b"weights")
        return folder


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


@pytest.fixture
def make(project, program):
    """Write a run's card with the program, and load it as huggingface_hub does."""

    def card(run: str) -> ModelCard:
        more = project.folder / "config" / "more.yaml"
        done = program("model_card", "--run", run, *(["--configfile", more] if more.exists() else []))
        assert done.returncode == 0, done.stderr
        path = project.folder / run / "checkpoint-1of1" / "README.md"
        assert done.stdout.strip() == f"{run}/checkpoint-1of1/README.md"
        return ModelCard.load(path)

    return card


def table(card: ModelCard, heading: str) -> list[list[str]]:
    """Cells of the first table below a heading."""
    lines = card.text.partition(f"\n## {heading}\n")[2].splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("|"))
    rows = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return rows


def test_scores_with_intervals_and_forgetting(project, make):
    run = project.run(
        scores={"chain": 0.9, "mini_countdown": 0.45, "facts": 0.35, "lookup": 0.53, "refusal": 0.5}
    )
    card = make(run)
    head, _, *lines = table(card, "Scores")
    assert head == ["benchmark", "part", "metric", "score", "95 % interval", "base", "change"]
    assert lines[0] == ["mini\\_countdown", "transfer", "accuracy", "45.0", "41.0 to 50.0", "50.0", "-5.0"]
    assert lines[1] == ["chain", "target", "accuracy", "90.0", "86.0 to 95.0", "50.0", "40.0"]
    assert [line[1] for line in lines[2:]] == ["retention"] * 3
    rows = dict(table(card, "Forgetting")[2:])
    assert rows["forgetting score (Eq. 3.2)"] == "-5.0"  # (-.15 + 0 + 0) / 3
    assert rows["mean change on retention"] == "-4.0"  # (-.15 + .03 + 0) / 3
    assert rows["mean change on other targets"] == "-5.0"
    # sqrt((s(1-s) + .25) / 400 / 2 pi): .01379 at .35, .01409 at .53, .01410 at .5
    assert rows["by chance alone"] == "-1.4"
    assert len(rows) == 4
    results = {result.dataset_name: result for result in card.data.eval_results}
    assert {name: result.metric_value for name, result in results.items()} == {
        "mini_countdown": 0.45,
        "chain": 0.9,
        "facts": 0.35,
        "lookup": 0.53,
        "refusal": 0.5,
    }
    assert {result.metric_type for result in results.values()} == {"accuracy"}


def test_a_run_without_scores_says_what_is_not_known(project, make):
    project.overlay(
        suites={"miniature": {"targets": ["chain"], "retention": []}}, tasks={"chain": {"grader": "none"}}
    )
    card = make(project.run())
    assert "No benchmark scores what this run was trained on" in card.text
    assert "Not known: no benchmark scores what the base could do before." in card.text
    assert card.data.eval_results is None
    assert "| ---: |" not in card.text.partition("## Scores")[2].partition("## Contamination")[0]


def test_settings_data_and_weights(project, make):
    card = make(project.run(method="tms_t2", seed=3))
    rows = dict(table(card, "Method and settings")[2:])
    assert rows["alpha: probability of the teacher's answer"] == "0.25"
    assert rows["checkpoints that answer (fraction of the run: weight)"] == "1/2: 0.5, end: 0.5"
    assert rows["number of these checkpoints"] == "2"
    assert rows["learning rate"] == "0.002"  # of the model tiny, not the general one
    assert (rows["optimiser steps"], rows["tokens with loss"], rows["seed"]) == ("64", "71234", "3")
    assert "91 of 100 prompts have a verified answer; training leaves the other 9 out" in card.text
    assert "40 not needed, 30 wrong answer" in card.text
    assert re.search(r"SHA-256 over the weights: `[0-9a-f]{64}`", card.text)
    assert "generated by the workflow (kind chain)" in card.text
    assert "No training row equals a row of a benchmark above" in card.text


def test_a_scaled_learning_rate_and_a_baseline_without_a_mixture(project, make):
    card = make(project.run(method="sft_lr10"))
    rows = dict(table(card, "Method and settings")[2:])
    assert rows["learning rate"] == "0.0002"
    assert not [label for label in rows if "alpha" in label or "checkpoints" in label]
    assert card.data.tags == ["trajectory-mixed-supervision", "sft", "arxiv:2602.03073"]


@pytest.mark.parametrize(
    "method, words, rows",
    [
        (
            "grpo",
            ["relative to the other answers", "which say only what prompts are trained on"],
            {
                "answers sampled of a prompt and visit": "8",
                "weight of the KL term": "0",
                "schedule": "cosine",
            },
        ),
        (
            "reinforce",
            ["moving average of rewards", "The references, which say only"],
            {"answers sampled of a prompt and visit": "1", "decay of the moving average of rewards": "0.95"},
        ),
        (
            "trapo",
            ["as much of a verified one as a prompt needs", "whose beginnings are given, and learned"],
            {"answers sampled of a prompt and visit": "8", "schedule": "constant", "loss": None},
        ),
        ("trsft", ["trust-region loss"], {"loss": "TrSFT with floor 0.1", "schedule": "cosine"}),
        (
            "tms_trsft",
            ["Trajectory-Mixed"],
            {"loss": "TrSFT with floor 0.1", "number of these checkpoints": "10"},
        ),
        ("tms", ["Trajectory-Mixed Supervision: each visit"], {"loss": None}),
    ],
)
def test_on_policy_methods_and_the_trust_region_loss(project, make, method, words, rows):
    card = make(project.run(method=method))
    shown = dict(table(card, "Method and settings")[2:])
    assert {name: shown.get(name) for name in rows} == rows
    assert [word for word in words if word not in card.text] == []
    on_policy = method in settings.on_policy(CONFIG)
    chosen = settings.section(CONFIG, "on_policy" if on_policy else "training", "tiny", method)
    assert shown["learning rate"] == f"{chosen['learning_rate']:g}"
    optimiser = ("AdamW's betas", "weight decay", "gradients clipped at norm")
    assert [shown[name] for name in optimiser] == ["0.9 and 0.95", "0", "1"]
    assert ("The references" in card.text) == on_policy
    assert ("warm-up, share of the steps" in shown) == (method != "trapo")
    assert card.data.model_name.startswith(KINDS[CONFIG["methods"][method]["kind"]].label.partition("-")[0])


def test_safety_and_self_sft(project, make):
    card = make(project.run("qwen7b", "self_sft", "gsm8k", scores={"wildguard": 0.2}))
    rows = dict(table(card, "Forgetting")[2:])
    assert rows["forgetting score with safety (Eq. 3.2)"] == "-6.0"  # -.3 / 5, the others gained
    assert rows["forgetting score (Eq. 3.2)"] == "0.0"
    assert dict(table(card, "Method and settings"))[
        "checkpoints that answer (fraction of the run: weight)"
    ] == ("base: 1")
    assert ["wildguard", "safety", "1-asr", "20.0"] in [line[:4] for line in table(card, "Scores")]


CASES = [
    # model, teacher, license, license_name, name, words of the duties
    ("tiny", None, "apache-2.0", None, "TMS-tiny-chain", []),
    ("qwen3b", "llama70b", "other", "qwen-research-and-llama3.3", "Llama-TMS-Qwen2.5-3B-Instruct-math",
     ["**Built with Llama**", "**Built with Qwen. Non-commercial use only**", "Llama 3.3 Community License"]),
    ("qwen1.5b", "llama70b", "other", "apache-2.0-and-llama3.3", "Llama-TMS-Qwen2.5-1.5B-Instruct-math",
     ["**Built with Llama**", "Apache License 2.0"]),
    ("qwen7b", "given", "apache-2.0", None, "TMS-Qwen2.5-7B-Instruct-math", ["Apache License 2.0"]),
    ("qwen3b", "given", "other", "qwen-research", "TMS-Qwen2.5-3B-Instruct-math", ["Non-commercial"]),
    ("llama1b", "llama70b", "other", "llama3.2-and-llama3.3", "Llama-TMS-Llama-3.2-1B-Instruct-math",
     ["Llama 3.2 is licensed under the Llama 3.2 Community License", "Llama 3.3 is licensed under"]),
    ("llama8b", "given", "llama3.1", None, "Llama-TMS-Llama-3.1-8B-Instruct-math",
     ["**Built with Llama**", "https://www.llama.com/llama3_1/license/"]),
]  # fmt: skip


@pytest.mark.parametrize("model, teacher, licence, name, title, words", CASES)
def test_licences_duties_and_names(project, make, model, teacher, licence, name, title, words):
    if teacher:
        project.overlay(models={model: {"teacher": teacher}})
    card = make(project.run(model, "tms", "chain" if model == "tiny" else "math"))
    assert (card.data.license, card.data.license_name, card.data.model_name) == (licence, name, title)
    assert card.text.lstrip().startswith(f"# {title}\n")
    assert [word for word in words if word not in card.text] == []
    llama = teacher == "llama70b" or model.startswith("llama")
    assert ("Built with Llama" in card.text) == llama == title.startswith("Llama")
    assert ("put the texts of all into a file `LICENSE`" in card.text) == ("-and-" in (name or ""))
    assert (card.data.license_link == "LICENSE") == ("-and-" in (name or ""))
    assert "To fill in" not in card.text
    if model == "tiny":
        assert card.data.base_model is card.data.datasets is None
    else:
        assert card.data.base_model == settings.hub_repo(CONFIG, CONFIG["models"][model]["base"])
        assert card.data.datasets == ["EleutherAI/hendrycks_math"]
        assert "The data set of the prompts has a licence too: MIT." in card.text
    with card_hub.serve() as posted:
        card.validate()
    assert posted[0]["content"] == str(card)


def test_models_of_the_user_s_own(project, make):
    project.overlay(
        models={"mine": {**CONFIG["models"]["qwen7b"], "base": "/home/me/model", "teacher": "theirs"}},
        teachers={"theirs": {**CONFIG["teachers"]["llama70b"], "model": "elsewhere"}},
    )
    card = make(project.run("mine", "tms", "gsm8k"))
    assert (card.data.license, card.data.license_name) == ("other", licences.FILL_IN)
    assert card.data.base_model is None and card.data.model_name == "TMS-mine-gsm8k"
    assert card.text.count("To fill in before this is published.") == 2
    assert "/home/me" not in str(card)
    with card_hub.serve():
        card.validate()


def test_a_known_licence_stays_beside_an_unknown_one():
    llama = licences.LICENCES["meta-llama/Llama-3.3-70B-Instruct"]
    terms = licences.terms(None, llama, taught=True)
    assert (terms.identifier, terms.prefix, terms.licences) == ("other", "Llama", (llama,))
    assert len(terms.unknown) == 1
    assert licences.terms(licences.OWN, None, taught=False).unknown == ()
    twice = licences.terms(llama, llama, taught=True)
    assert (twice.identifier, twice.licences) == ("llama3.3", (llama,))
    apache = licences.LICENCES["Qwen/Qwen2.5-7B-Instruct"]  # outputs are free
    assert licences.terms(licences.OWN, apache, taught=True).licences == (licences.OWN,)


def test_every_model_of_the_configuration_has_a_licence_and_every_kind_a_sentence():
    for model, entry in CONFIG["models"].items():
        terms, holders = model_card.terms_of(CONFIG, model)
        assert not terms.unknown
        assert len(holders) == len(terms.licences)
        if entry["teacher"] == "llama70b":
            assert terms.prefix == "Llama"
            assert holders[-1] == "the teacher's answers"
    assert all(kind.about.endswith(".") for kind in KINDS.values())
    assert {licence.identifier for licence in licences.LICENCES.values()} <= set(card_hub.LICENCES)


NAMES = st.text(min_size=1).filter(str.strip)
HOSTILE = 'a|b `c` <script>alert(1)</script> "q" {{ 7 * 7 }}\n---\nlicense: mit\n---\n# x: [1](javascript:2)'


def test_hostile_names_and_reasons_stay_text(project, make):
    task = {**CONFIG["tasks"]["facts"]}
    project.overlay(
        tasks={HOSTILE: task},
        suites={"miniature": {**CONFIG["suites"]["miniature"], "retention": ["facts", HOSTILE]}},
    )
    run = project.run()
    path = "data/chain/miniature/contamination.json"
    report = json.loads((project.folder / path).read_text())
    report["benchmarks"]["facts"] |= {
        "outcome": "accepted",
        "share": 0.25,
        "overlapping": 100,
        "reason": HOSTILE,
    }
    report["benchmarks"]["refusal"] = report["benchmarks"]["facts"]  # no benchmark of this suite
    report["benchmarks"][HOSTILE] |= {"exact": 4}
    project.write(path, report)
    card = make(run)
    assert (card.data.license, card.data.language) == ("apache-2.0", "en")
    assert [result.dataset_name for result in card.data.eval_results][-1] == " ".join(HOSTILE.split())
    assert metadata_load(project.folder / run / "checkpoint-1of1" / "README.md") == yaml.safe_load(
        card.data.to_yaml()
    )
    assert "<script>" not in re.sub(r"\\<", "", card.text)
    assert "{{ 7" not in card.text and "49" not in card.text.partition("\n## Contamination")[2]
    assert len(table(card, "Scores")) == 2 + 4
    assert all(len(line) == 7 for line in table(card, "Scores"))
    contamination = card.text.partition("\n## Contamination\n")[2].partition("\n## ")[0].strip().splitlines()
    assert len(contamination) == 2
    assert "4 training rows that equal rows of it were removed" in contamination[0]
    assert "100 of 400 rows (25.0%) share 13 words with training" in contamination[1]
    assert [line for line in card.text.splitlines() if line == "---" or line.startswith("# x")] == []
    with card_hub.serve():
        card.validate()


@given(name=NAMES, metric=NAMES, value=st.floats(0, 1))
def test_any_name_survives_the_yaml_block(name, metric, value):
    config = json.loads(json.dumps(CONFIG))
    config["tasks"][name] = config["tasks"]["facts"]
    run = Run(Path("results/tiny/sft/chain/seed0"), "tiny", "sft", "chain", 0)
    cells = [{"benchmark": name, "metric": metric, "score": value}]
    terms, _ = model_card.terms_of(config, "tiny")
    written = model_card.metadata(config, run, "TMS-x", terms, cells)
    read = ModelCard(f"---\n{written.to_yaml()}\n---\n\n# TMS-x\n")
    assert read.data.to_dict() == written.to_dict()
    assert read.text == "\n# TMS-x\n"
    (result,) = read.data.eval_results
    assert (result.dataset_name, result.metric_type) == (" ".join(name.split()), " ".join(metric.split()))


@given(words=st.tuples(st.text(), st.text(), st.text()))
def test_names_are_what_the_hub_allows(words):
    model, method, task = words
    config = {"models": {model: {"base": "somewhere"}}, "downloads": {}}
    run = Run(Path(), model, method, task, 0)
    llama = licences.terms(licences.LICENCES["meta-llama/Llama-3.1-8B-Instruct"], None, taught=False)
    name = model_card.card_name(config, run, llama)
    assert name.startswith("Llama")
    assert re.fullmatch(r"[A-Za-z0-9.-]{1,96}", name)
    assert "--" not in name and ".." not in name and not name.endswith((".", "-", ".git"))


def edited(key, value):
    """A card that is right but for one entry."""
    data = {"license": "mit", "base_model": "a/b", "datasets": ["a/b"], "language": "en", "tags": ["x"]}
    entry = {
        "task": {"type": "text-generation"},
        "dataset": {"type": "chain", "name": "chain"},
        "metrics": [{"type": "accuracy", "value": 0.5}],
    }
    data["model-index"] = [{"name": "m", "results": [entry]}]
    data |= {} if key is None else {key: value}
    return f"---\n{yaml.safe_dump(data)}---\n\n# m\n"


@pytest.mark.parametrize(
    "content, message",
    [
        (edited(None, None), None),
        (edited("license", "llama-3.3"), '"license" must be one of'),
        (edited("license", "other"), '"license_name" is needed'),
        (edited("base_model", "/home/me/model"), '"base_model" with value "/home/me/model" is not valid'),
        (edited("datasets", [None]), '"datasets" with value "None" is not valid'),
        (edited("language", "english"), '"language" must be ISO 639'),
        (edited("tags", [1]), '"tags" must hold text'),
        ("# no block\n", "no YAML block"),
    ],
)
def test_the_stand_in_for_the_hub_s_check_refuses(content, message):
    with card_hub.serve() as posted:
        card = ModelCard(content)
        card.text = card.text or "\n"
        if message is None:
            card.validate()
        elif message == "no YAML block":  # what ModelCard writes always has one
            assert card_hub.errors(content) == [message]
            return
        else:
            with pytest.raises(ValueError, match=re.escape(message)):
                card.validate()
    assert len(posted) == 1


def test_the_stand_in_wants_what_the_specification_calls_required():
    whole = yaml.safe_load(edited(None, None).split("---\n")[1])
    for part, key in [("task", "type"), ("dataset", "type"), ("dataset", "name")]:
        broken = json.loads(json.dumps(whole))
        del broken["model-index"][0]["results"][0][part][key]
        assert card_hub.errors(f"---\n{yaml.safe_dump(broken)}---\n") == [
            f'"model-index[0].results[0].{part}.{key}" is required'
        ]
    for key in ("type", "value"):
        broken = json.loads(json.dumps(whole))
        del broken["model-index"][0]["results"][0]["metrics"][0][key]
        assert len(card_hub.errors(f"---\n{yaml.safe_dump(broken)}---\n")) == 1


@pytest.mark.parametrize(
    "spoil, message",
    [
        (lambda p, run: (p.folder / run / "scores.json").unlink(), "scores.json: no such file; make it"),
        (lambda p, run: (p.folder / run / "plan.parquet").unlink(), "plan.parquet: no such file"),
        (
            lambda p, run: (p.folder / run / "train.cost.json").unlink(),
            "train.cost.json: not a readable cost file",
        ),
        (
            lambda p, run: (p.folder / "data/chain/miniature/tiny_teacher/filter.json").write_text("{}"),
            "filter.json: not a readable summary",
        ),
        (
            lambda p, run: (p.folder / run / "checkpoint-1of1" / "model.safetensors").unlink(),
            "checkpoint-1of1: no *.safetensors file there",
        ),
    ],
)
def test_a_missing_file_is_one_line(project, program, spoil, message):
    run = project.run()
    spoil(project, run)
    done = program("model_card", "--run", run)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (project.folder / run / "checkpoint-1of1" / "README.md").exists()


@pytest.mark.parametrize(
    "run, message",
    [
        ("results/tiny/tms/chain", "write results/MODEL/METHOD/TASK/seedN"),
        ("results/tiny/tms/chain/seedx", "write results/MODEL/METHOD/TASK/seedN"),
        ("results/other/tms/chain/seed0", "the configuration has no models.other"),
        ("results/tiny/other/chain/seed0", "the configuration has no methods.other"),
    ],
)
def test_a_wrong_run_is_one_line(project, program, run, message):
    done = program("model_card", "--run", run)
    assert done.returncode == 2
    assert message in done.stderr


@pytest.mark.parametrize(
    "plan, message",
    [({"alpha": 0.5}, "made with alpha 0.5, the configuration says 0.25"), ({"seed": 7}, "made with seed 7")],
)
def test_a_run_of_another_configuration_gets_no_card(project, program, plan, message):
    done = program("model_card", "--run", project.run(plan=plan))
    assert done.returncode == 2
    assert message in done.stderr


def test_a_run_elsewhere_and_an_output(project, program, tmp_path):
    run = project.folder / project.run()
    done = program("model_card", "--run", f"{run}/", "--output", "cards/mine.md")
    assert done.returncode == 0, done.stderr
    assert ModelCard.load(tmp_path / "cards" / "mine.md").data.model_name == "TMS-tiny-chain"
    assert not (run / "checkpoint-1of1" / "README.md").exists()
    with pytest.raises(InputError, match="write results/"):
        parse_run(Path("tiny/tms/chain/seed0"), CONFIG)


@pytest.mark.slow
def test_the_lines_on_how_to_use_it_run(project, make, tiny_model):
    card = make(project.run())
    code = re.search(r"```python\n(.*?)```", card.text, re.S)[1]
    code = code.replace('"TMS-tiny-chain"', repr(str(tiny_model))).replace('"..."', '"2+2"')
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
