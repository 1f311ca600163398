"""A run with a base folder that brings Python of its own, while `yes` answers whatever asks."""

import json
import shutil
import subprocess
import sys

import pytest
from helpers import forked_snakemake

pytestmark = pytest.mark.slow
CONFIG = """
models:
  acme:
    {base: model, teacher: given, suite: acme, seeds: [0], tms: {num_checkpoints: 2},
    training: {learning_rate: 1.0e-3, effective_batch: 8, device_batch: 8, masked_targets: warn}}
suites: {acme: {targets: [faq], retention: []}}
tasks:
  faq:
    {kind: records, grader: none, train: 16, heldout: 4, test: 6, max_new_tokens: 24,
    options: {files: faq.jsonl}}
experiments: {main: [sft, tms]}
"""
RUN = "results/acme/tms/faq/seed0"
# Files of a hub's model folder -> the classes that they have in the folder's code.
AUTO = {
    "config.json": {
        "AutoConfig": "own.Config",
        "AutoModel": "own.Model",
        "AutoModelForCausalLM": "own.Model",
    },
    "tokenizer_config.json": {"AutoTokenizer": ["own.Slow", "own.Fast"]},
    "processor_config.json": {"AutoProcessor": "own.Processor"},
    "preprocessor_config.json": {"AutoProcessor": "own.Processor", "AutoImageProcessor": "own.Images"},
    "generation_config.json": {"AutoModelForCausalLM": "own.Model"},
}


@pytest.fixture
def project(another, tiny_model):
    """A project whose base has code in every place where transformers looks for some; it leaves a mark."""
    folder = shutil.copytree(tiny_model, another.folder / "model")
    (folder / "weights.json").unlink()
    for name, classes in AUTO.items():
        file = folder / name
        found = json.loads(file.read_text()) if file.exists() else {}
        file.write_text(json.dumps(found | {"auto_map": classes}))
    (folder / "custom_generate").mkdir()
    for code in (folder / "own.py", folder / "custom_generate" / "generate.py"):
        code.write_text(f"open({str(another.folder / 'MARK')!r}, 'w')\n")
    another.overlay("acme.yaml", CONFIG)
    rows = [{"prompt": f"Reset device {n}?", "answer": f"Hold key {n}."} for n in range(60)]
    (another.folder / "faq.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return another


def run(project, *targets):
    """`yes | snakemake ...`, and what it printed with the logs of its jobs."""
    words = ["--cores=2", "--nocolor", "--configfile", "acme.yaml", "--", *targets]
    with subprocess.Popen(["yes"], stdout=subprocess.PIPE) as yes:
        done = subprocess.run(
            [*forked_snakemake.command(), *words],
            cwd=project.folder,
            stdin=yes.stdout,
            capture_output=True,
            text=True,
            check=False,
        )
        yes.kill()
    return done.returncode, done.stdout + done.stderr


def test_a_model_of_a_known_kind_is_read_by_transformers_own_code(project):
    """As of most folders of the hub with code of their own, which is older than transformers' class."""
    status, said = run(project, f"{RUN}/generations.parquet")
    assert status == 0, said[-6000:]
    assert not (project.folder / "MARK").exists()
    assert not list((project.folder / RUN).rglob("*.py"))
    trusting = (
        "from transformers import AutoConfig; AutoConfig.from_pretrained('model', trust_remote_code=True)"
    )
    subprocess.run([sys.executable, "-c", trusting], cwd=project.folder, capture_output=True, check=False)
    assert (project.folder / "MARK").exists()  # so it would have been seen


def test_a_model_of_an_unknown_kind_is_one_line(project):
    file = project.folder / "model" / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"model_type": "unheard_of"}))
    status, said = run(project, f"{RUN}/generations.parquet")
    assert status and not (project.folder / "MARK").exists()
    assert "Traceback" not in said
    lines = [line for line in said.splitlines() if "error: model" in line]
    assert lines and all("code in the folder is never run" in line for line in lines), said[-3000:]
