"""The plan of the shipped models, its check of planned jobs, and what is kept of dry runs."""

import copy
import json
from dataclasses import replace

import pytest
from helpers.paths import ROOT
from helpers.shipped_config import SHIPPED

from tms.config import study, tasks
from tms.generation.engines.batch_rows import SIMULATOR_BUDGET
from tms.memory_plan import check, formulas, plan
from tms.memory_plan.architecture import (
    architecture,
    key_value_bytes,
    layer_parameters,
    lora_parameters,
    parameters,
)
from tms.memory_plan.document import COLUMNS, cells, documented
from tms.memory_plan.longest import longest_row
from tms.memory_plan.shapes import GRPO, ROLLOUTS, ROWS, StepMemory, StepShape
from tms.memory_plan.simulators import simulator_cache
from tms.memory_plan.store import SHIPPED as RESULTS
from tms.memory_plan.store import Store, key
from tms.memory_plan.towers import Towers
from tms.planned_jobs.jobs import Job
from tms.tasks import toolalpaca

GB = 10**9
STUDENTS = [*SHIPPED["table"]["models"], "qwen7b_tools", "qwen_omni3b"]
MEMORY = StepMemory(4 * GB, 4 * GB, 8 * GB, 30 * GB, 3 * GB)
SFT = Job("train_sft", {"model": "llama8b", "method": "sft", "task": "math"}, [], [], gpus=8)


def faults(jobs, config, memory_of):
    return check.faults(check.peaks(jobs, config, memory_of), config)


@pytest.mark.parametrize("part", ["models", "teachers", "judges", "simulators"])
def test_known_architectures_have_the_stated_parameters(part):
    """A wrong number of layers, heads or tokens shows."""
    named = [entry for entry in SHIPPED[part].values() if "parameters" in entry]
    for entry in named:
        folder = entry.get("base", entry.get("model"))
        counted = parameters(architecture(folder)) + Towers.of(folder).parameters
        assert counted == pytest.approx(entry["parameters"], rel=0.01)


def test_a_folder_of_ones_own_comes_first(tmp_path):
    folder = tmp_path / "Qwen2.5-7B-Instruct"
    assert architecture(str(folder))["num_hidden_layers"] == 28
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"num_hidden_layers": 3}))
    assert architecture(str(folder)) == {"num_hidden_layers": 3}
    assert architecture(str(tmp_path / "other")) is None


def test_keys_and_values_of_a_token():
    """Qwen2.5-7B: 2 x 28 layers x 4 heads x 128 x 2 bytes; over 8 cards each has a copy of one head."""
    keys = architecture("models/hub/Qwen2.5-7B-Instruct")
    assert key_value_bytes(keys) == 57_344
    assert key_value_bytes(keys, 4) == key_value_bytes(keys, 8) == 57_344 // 4


def test_the_longest_micro_batch_of_each_kind_of_job():
    shapes = [plan.step_shape(SHIPPED, "qwen7b", name, "math") for name in ("sft", "tms", "grpo", "trapo")]
    assert [shape.kind for shape in shapes] == [ROWS, ROWS, GRPO, ROLLOUTS]
    assert [shape.tokens for shape in shapes] == [4096 + 1024] * 2 + [2048 + 1024] * 2
    assert all((shape.processes, shape.sharded, shape.rows) == (8, True, 1) for shape in shapes)
    assert plan.step_shape(SHIPPED, "tiny", "sft", "chain") is None  # no cards


def test_a_row_with_tools_has_all_turns_and_what_tools_answer():
    """ToolAlpaca's rows state their limit; else a turn more than the calls, with 2,000 tokens each, within
    the 32,768 of the model's context."""
    for method in ("sft", "tms", "grpo", "reinforce"):
        assert plan.step_shape(SHIPPED, "qwen7b_tools", method, "toolalpaca").tokens == 5120
    config = copy.deepcopy(SHIPPED)
    config["on_policy"]["max_new_tokens"] = 64
    for options, of_rows, of_rollouts in (
        ({"tokens": 3000}, 3000, 3000),
        ({"calls": 3, "tokens": 10**6}, 1024 + 4 * (1024 + 2000), 1024 + 4 * (64 + 2000)),
        ({"calls": 100, "tokens": 10**6}, 32768, 32768),
    ):
        config["tasks"]["toolalpaca"]["options"] = options
        shapes = [plan.step_shape(config, "qwen7b_tools", name, "toolalpaca") for name in ("sft", "grpo")]
        assert [shape.tokens for shape in shapes] == [of_rows, of_rollouts]
    assert longest_row(config, ["calculate", "chain"]) == 1024 + 3 * (64 + 2000)
    harvest = Job("harvest", {"model": "qwen7b_tools"}, [], [], gpus=1)
    (peak,) = check.peaks([harvest], config, lambda _: None).values()
    assert peak.shape.endswith("rows of 32,768 tokens at once")


def test_a_teacher_and_a_judge_read_rows_of_their_own_tasks():
    config = copy.deepcopy(SHIPPED)
    config["tasks"]["toolalpaca"]["options"] = {"tokens": 10**6}
    jobs = [
        Job("teacher", {"teacher": "llama70b", "task": "chain"}, [], [], gpus=4),
        Job("judge", {"model": "qwen7b", "judge": "wildguard"}, [], [], gpus=1),
    ]
    teacher, judge = check.peaks(jobs, config, lambda _: None).values()
    assert f" {1024 + config['tasks']['chain']['max_new_tokens']:,} tokens" in teacher.shape
    assert " 5,152 tokens" in judge.shape  # prompt 1,024, answer 4,096, and 32 of the judge's own


def test_a_judge_of_episodes_reads_a_documentation_too():
    """A row of 5,120 tokens, 20,000 characters of documentation, and 1,024 of the judge's own."""
    job = Job("judge", {"model": "qwen7b_tools", "judge": "toolalpaca"}, [], [], gpus=4)
    (judge,) = check.peaks([job], SHIPPED, lambda _: None).values()
    assert judge.fits and judge.shape.endswith("rows of 26,144 tokens at once")
    assert tasks.DOCUMENTED["toolalpaca"] == toolalpaca.LONGEST


def test_what_does_not_fit_is_one_line_with_the_sum_and_two_settings():
    """4 + 4 + 8 + 50 + head (3 and the buffers) + 2 > 72."""
    large = replace(MEMORY, activations=50 * GB)
    (line,) = faults([SFT, SFT], SHIPPED, lambda _: large)
    head = 3 + formulas.step_buffers(plan.step_shape(SHIPPED, "llama8b", "sft", "math")) / GB
    assert line == (
        "memory: train_sft llama8b (SFT, students; 1 x 5,120 tokens, sharded): weights 4.0 + gradients 4.0 + "
        f"optimiser 8.0 + activations 50.0 + head and buffers {head:.1f} + CUDA 2.0 = {68 + head:.1f} GB on "
        "each of 8 cards, which may hold 72.0 (compute.gpu_memory_gb 80, a tenth to spare); set "
        "training.gradient_checkpointing: true or raise models.llama8b.gpus.train (now 8)"
    )
    assert faults([SFT], SHIPPED, lambda _: MEMORY) == []
    larger = copy.deepcopy(SHIPPED)
    larger["compute"]["gpu_memory_gb"] = 141
    assert faults([SFT], larger, lambda _: large) == []


def test_the_largest_job_of_those_that_fit_is_told():
    grpo = Job("train_on_policy", {"model": "llama8b", "method": "grpo", "task": "math"}, [], [], gpus=8)
    harvest = Job("harvest", {"model": "llama8b"}, [], [], gpus=1)
    found = check.peaks([SFT, grpo, harvest], SHIPPED, lambda _: MEMORY)
    told = check.largest(found)
    assert told.startswith(
        "; at most on a card: train_on_policy llama8b (GRPO; 1 x 3,072 tokens, sharded): w"
    )
    assert told.endswith("GB on each of 8 cards")
    assert check.largest(check.peaks([harvest], SHIPPED, lambda _: MEMORY)) == ""
    # Likelihoods pass one policy in float32, where drift has two: bounded by its peak, and no engine's cache.
    likelihoods = Job("likelihoods", {"model": "llama8b", "run": "base"}, [], [], gpus=1)
    (peak,) = check.peaks([likelihoods], SHIPPED, lambda _: MEMORY).values()
    assert "KV cache" not in peak.parts and peak.fits


def test_a_policy_in_shards_needs_vllm():
    grpo = Job("train_on_policy", {"model": "llama8b", "method": "grpo", "task": "math"}, [], [], gpus=8)
    config = copy.deepcopy(SHIPPED)
    config["models"]["llama8b"]["engine"] = config["models"]["llama1b"]["engine"] = "transformers"
    (line,) = check.unsampled([SFT, grpo, grpo], config)
    assert "models.llama8b.engine: vllm" in line and "training.fsdp: false" in line
    copied = replace(grpo, wildcards=grpo.wildcards | {"model": "llama1b"})
    assert check.unsampled([SFT, copied], config) == check.unsampled([grpo], SHIPPED) == []


def test_small_models_and_jobs_without_cards_need_no_dry_run(tmp_path):
    def never(shape):
        raise AssertionError(shape)

    keys = architecture(str(ROOT / "workflow" / "resources" / "miniature" / "base"))
    (tmp_path / "config.json").write_text(json.dumps(keys))
    config = copy.deepcopy(SHIPPED)
    config["models"]["tiny"] |= {"base": str(tmp_path), "gpus": {"train": 2}}
    tiny = Job("train_sft", {"model": "tiny", "method": "sft", "task": "chain"}, [], [], gpus=2)
    assert faults([tiny, replace(SFT, gpus=0), Job("grade", {}, [], [])], config, never) == []


@pytest.mark.parametrize(
    ("job", "named"),
    [
        (
            Job("teacher", {"teacher": "llama70b", "task": "math"}, [], [], gpus=1),
            "teachers.llama70b.gpus (now 1)",
        ),
        (Job("harvest", {"model": "llama8b"}, [], [], gpus=1), "models.llama8b.gpus.generate (now 1)"),
        (Job("drift", {"model": "llama8b"}, [], [], gpus=1), "drift"),
    ],
)
def test_a_model_too_large_to_generate(job, named):
    config = copy.deepcopy(SHIPPED)
    config["teachers"]["llama70b"]["gpus"] = 1
    config["compute"]["gpu_memory_gb"] = 18
    assert named in "".join(faults([job], config, lambda _: None))
    assert faults([job], SHIPPED, lambda _: None) == []


def test_every_engine_has_a_generating_row():
    """Qwen2.5-3B: 36,864 bytes a token, and 8,192 of copies where a layer attends. Half of what 80 GB leave
    free beside 6.2 of weights, in whole steps of 32 rows where there are any."""
    config = copy.deepcopy(SHIPPED)
    config["models"]["qwen3b"]["engine"] = config["judges"]["wildguard"]["engine"] = "transformers"
    (peak,) = plan.generating(config, "models", "qwen3b", 5120)
    assert peak.fits and peak.shape == "128 rows of 5,120 tokens at once, engine transformers"
    assert peak.parts["KV cache"] == 128 * 5120 * (36864 + 8192)
    (short,) = plan.generating(config, "models", "qwen3b", 1024 + 64)
    assert short.shape.startswith("512 rows")
    sampling = plan.training(config, "llama1b", "grpo", "math", lambda _: MEMORY)[-1]
    assert sampling.job == "on-policy, sampling" and "vLLM" in sampling.parts
    sampling = plan.training(config, "qwen3b", "grpo", "math", lambda _: MEMORY)[-1]
    assert sampling.job == "on-policy, sampling" and "KV cache" in sampling.parts
    config["compute"]["gpu_memory_gb"] = 24
    job = Job("judge", {"model": "qwen3b", "judge": "wildguard"}, [], [], gpus=1)
    (few,) = check.peaks([job], config, lambda _: None).values()
    assert few.fits and few.shape.startswith("4 rows")
    config["compute"]["gpu_memory_gb"] = 20
    (line,) = faults([job], config, lambda _: None)
    assert (
        line.startswith("memory: judge qwen3b (generating; 1 rows")
        and "judges.wildguard.engine: vllm" in line
    )


def test_a_simulator_stands_beside_the_model_that_calls():
    config = copy.deepcopy(SHIPPED)
    config["models"]["qwen7b_tools"]["engine"] = "transformers"
    tasks = ["toolalpaca_judged", "math"]
    (alone,) = plan.generating(config, "models", "qwen7b_tools", 5120, tasks)
    config["tasks"]["toolalpaca_judged"]["simulator"] = "toolalpaca"
    (beside,) = plan.generating(config, "models", "qwen7b_tools", 5120, tasks)
    weights = 2 * parameters(architecture(config["simulators"]["toolalpaca"]["model"]))
    assert beside.parts["simulator"] == weights == beside.parts["weights"] and beside.fits
    assert "simulator" not in alone.parts and beside.parts["KV cache"] < alone.parts["KV cache"]
    (other,) = plan.generating(config, "models", "qwen7b_tools", 5120, ["math"])
    assert other == alone
    config["compute"]["gpu_memory_gb"] = 24
    job = Job("generate", {"model": "qwen7b_tools", "run": "base"}, [], [], gpus=1)
    (line,) = faults([job], config, lambda _: None)
    assert "simulator 15.2" in line


def test_the_batch_of_a_simulator_is_there_while_that_of_its_caller_is_not():
    """Beside two models of 7B a card of 48 GB leaves its caller less than the simulator takes; engine vllm,
    which would be refused, is no remedy."""
    config = copy.deepcopy(SHIPPED)
    config["models"]["qwen7b_tools"]["engine"] = "transformers"
    tasks = ["toolalpaca_judged", "math"]
    config["compute"]["gpu_memory_gb"] = 48
    (alone,) = plan.generating(config, "models", "qwen7b_tools", 5120, tasks)
    assert "engine: vllm" in alone.remedies[0]
    config["tasks"]["toolalpaca_judged"]["simulator"] = "toolalpaca"
    (beside,) = plan.generating(config, "models", "qwen7b_tools", 5120, tasks)
    assert beside.parts["KV cache"] == SIMULATOR_BUDGET == 8 * 2**30 and beside.fits
    held = sum(beside.parts.values()) - SIMULATOR_BUDGET
    own = formulas.transformers_cache(architecture("Qwen2.5-7B-Instruct"), 48e9 - held, 5120)[1]
    assert 0 < own < SIMULATOR_BUDGET
    assert beside.remedies[0] == "set simulators.toolalpaca.model to a smaller one"
    # A row of a model with more keys and values than the budget holds is asked by itself; of an unknown one
    # nothing but the budget is known.
    large = config["teachers"]["llama70b"]["model"]
    keys = architecture(large)
    question = 20_000 + 5120 + config["simulators"]["toolalpaca"]["max_new_tokens"]
    for folder, most in (
        (large, formulas.row_bytes(keys, question) + 32 * keys["vocab_size"]),
        ("models/unknown", SIMULATOR_BUDGET),
    ):
        config["simulators"]["toolalpaca"]["model"] = folder
        assert simulator_cache(config, tasks) == most >= SIMULATOR_BUDGET


def test_a_teacher_whose_calls_are_simulated_has_it_beside_it_too():
    config = copy.deepcopy(SHIPPED)
    config["teachers"]["caller"] = config["teachers"]["llama70b"] | {
        **{"model": "models/hub/Qwen2.5-7B-Instruct", "engine": "transformers", "gpus": 1}
    }
    config["tasks"]["toolalpaca"]["simulator"] = "toolalpaca"
    job = Job("teacher", {"teacher": "caller", "task": "toolalpaca"}, [], [], gpus=1)
    (peak,) = check.peaks([job], config, lambda _: None).values()
    assert peak.parts["simulator"] == peak.parts["weights"] and "KV cache" in peak.parts


def test_images_are_tokens_of_their_tasks_rows_alone():
    """16,384 tokens an image, 1,024 of text, 128 of an answer; a frozen tower in 4 bytes over 8 cards, and in
    2 while it is gathered."""
    shape = plan.step_shape(SHIPPED, "qwen_omni3b", "sft", "docvqa")
    assert (shape.tokens, shape.sharded, shape.recompute) == (16384 + 1024 + 128, True, True)
    assert plan.step_shape(SHIPPED, "qwen3b", "sft", "math").tokens == 1024 + 4096
    config = copy.deepcopy(SHIPPED)
    config["models"]["qwen_omni3b"]["replay"] = {"task": "docvqa", "share": 0.1}
    replaying = plan.step_shape(config, "qwen_omni3b", "replay", "math")
    assert (replaying.tokens, replaying.rows) == (16384 + 1024 + 4096, 1)  # replayed prompts have images too
    towers = Towers.of("models/hub/Qwen2.5-Omni-3B")
    large = replace(MEMORY, activations=40 * GB)
    (step,) = plan.training(SHIPPED, "qwen_omni3b", "sft", "docvqa", lambda _: large)
    assert step.parts["towers"] == towers.parameters * (4 / 8 + 2)
    (plain,) = plan.training(SHIPPED, "qwen3b", "sft", "math", lambda _: large)
    assert "towers" not in plain.parts
    config = copy.deepcopy(SHIPPED)
    config["models"]["qwen_omni3b"]["training"]["vision"] = "trained"
    (trained,) = plan.training(config, "qwen_omni3b", "sft", "docvqa", lambda _: large)
    assert trained.parts["towers"] - step.parts["towers"] > 12 * towers.vision / 8
    # A teacher of text is not asked with images; joint targets have rows of their parts.
    config = copy.deepcopy(SHIPPED)
    config["suites"]["paper"]["targets"] = [{"mix": ["math", "gsm8k"]}]
    job = Job("teacher", {"teacher": "llama70b", "task": "math"}, [], [], gpus=4)
    (peak,) = check.peaks([job], study.expanded(config), lambda _: None).values()
    assert "of 5,120 tokens" in peak.shape and "towers" not in peak.parts


def test_drift_leaves_a_small_card_room_for_logits():
    keys = architecture("models/hub/Qwen2.5-3B-Instruct")
    layer = 4 * layer_parameters(keys)
    assert formulas.drift_weights(keys, 80e9) == 8 * parameters(keys)
    assert formulas.drift_weights(keys, 32e9) == 18e9 + layer
    # What is no layer is never streamed: embeddings and head.
    keys = architecture("models/hub/Qwen2.5-7B-Instruct")
    kept = 8 * (2 * 152064 * 3584 + 3584)
    assert formulas.drift_weights(keys, 16e9) == kept + 4 * layer_parameters(keys)


def on_a_small_card(lora):
    """qwen7b on one card of 24 GB, with answers of 512 tokens."""
    config = copy.deepcopy(SHIPPED)
    config["compute"]["gpu_memory_gb"] = 24
    config["models"]["qwen7b"] |= {"gpus": {"train": 1, "generate": 1}, "experiments": ["main"]}
    config["models"]["qwen7b"]["training"] |= {
        **{"device_batch": 1, "gradient_checkpointing": True, "lora": lora}
    }
    for task in config["tasks"].values():
        task["max_new_tokens"] = min(task["max_new_tokens"], 512)
    return config


@pytest.mark.slow
def test_a_7b_is_trained_with_adapters_and_measured_on_a_card_of_24_gb():
    config = on_a_small_card({"rank": 16, "alpha": 32})
    keys = architecture(config["models"]["qwen7b"]["base"])
    from tms.memory_plan.training_step import dry_run

    (step,) = plan.training(config, "qwen7b", "sft", "math", dry_run)
    tokens = plan.longest_row(config, study.benchmarks(config, "qwen7b"))
    for peak in (
        step,
        *plan.generating(config, "models", "qwen7b", tokens),
        *plan.drift(config, "qwen7b", tokens),
    ):
        assert peak.fits, peak.arithmetic()
    adapters = lora_parameters(keys, config["models"]["qwen7b"]["training"]["lora"])
    assert step.parts["weights"] == pytest.approx(2 * parameters(keys) + 4 * adapters, rel=1e-6)
    assert step.parts["gradients"] == 4 * adapters and step.parts["optimiser"] == pytest.approx(
        8 * adapters, rel=1e-3
    )
    assert step.total < formulas.most(plan.step_shape(config, "qwen7b", "sft", "math"))


def test_a_loss_that_reads_the_base_holds_it_beside_the_model():
    """4 bytes a parameter over the cards that share it; with adapters none."""
    config = copy.deepcopy(SHIPPED)
    count = parameters(architecture(config["models"]["llama8b"]["base"]))
    (peak,) = plan.training(config, "llama8b", "kl_sft", "math", lambda _: MEMORY)
    assert peak.parts["base"] == 4 * count / 8
    assert peak.parts["base"] + peak.parts["weights"] == MEMORY.weights
    assert peak.shape.endswith("sharded, beside the base")
    (plain,) = plan.training(config, "llama8b", "sft", "math", lambda _: MEMORY)
    assert plain.parts["weights"] == MEMORY.weights and "base" not in plain.parts
    config["models"]["llama8b"]["training"]["lora"] = {"rank": 16, "alpha": 32}
    (adapted,) = plan.training(config, "llama8b", "kl_sft", "math", lambda _: MEMORY)
    assert "base" not in adapted.parts


@pytest.mark.parametrize(
    ("model", "beta", "each"),
    # Base and policy in float32 shards; the KL term's base in bf16 shards, or copied in float32.
    [("llama8b", 0, 1.0), ("llama8b", 0.1, 1.25), ("llama1b", 0, 0.5), ("llama1b", 0.1, 4.5)],
)
def test_on_policy_jobs_hold_the_base_and_vllm_beside_the_policy(model, beta, each):
    config = copy.deepcopy(SHIPPED)
    config["on_policy"]["beta"] = beta
    learning, measuring, sampling = plan.training(config, model, "grpo", "math", lambda _: MEMORY)
    count = parameters(architecture(config["models"][model]["base"]))
    assert {peak.parts["base"] for peak in (learning, measuring, sampling)} == {each * count}
    assert sampling.parts["vLLM"] == pytest.approx(0.4 * 80 * GB)
    assert "gradients" not in sampling.parts  # they are gone between steps


@pytest.mark.parametrize("model", ["llama8b", "llama1b"])  # sharded, copied
def test_distillation_holds_its_teacher_beside_the_policy(model):
    config = copy.deepcopy(SHIPPED)
    config["experiments"]["main"] += ["sdft", "distill"]
    base, other = (
        architecture(folder)
        for folder in (config["models"][model]["base"], "models/hub/Llama-3.3-70B-Instruct")
    )
    tile = 4 * 4096 * 32768
    past = parameters(base) * 4 / (8 if model == "llama8b" else 1)
    head = 2 * other["vocab_size"] * other["hidden_size"]
    whole = 2 * parameters(other) / 8 + 2 * head + 2 * 2 * layer_parameters(other)
    for method, expected in (("sdft", past + tile), ("distill", whole + tile)):
        peaks = plan.training(config, model, method, "math", lambda _: MEMORY)
        assert {peak.parts["teacher"] for peak in peaks} == {expected}
        assert peaks[0].job == ("SDFT" if method == "sdft" else "Distillation")
    assert plan.training(config, model, "grpo", "math", lambda _: MEMORY)[0].parts["teacher"] == 0
    jobs = {peak.job for peak in plan.of_model(config, model, lambda _: MEMORY)}
    assert {"SDFT", "Distillation", "REINFORCE, TRAPO"} <= jobs
    config["training"]["lora"] = {"rank": 16, "alpha": 32}
    (step, *_) = plan.training(config, model, "sdft", "math", lambda _: MEMORY)
    assert step.parts["teacher"] == 4 * lora_parameters(base, config["training"]["lora"]) + tile


def test_dry_runs_are_made_once_for_what_they_depend_on(tmp_path):
    made = []
    store = Store(
        lambda shape: made.append(shape) or MEMORY, tmp_path / "shipped", tmp_path / "logs" / "found"
    )
    shape = StepShape(
        {"model_type": "llama", "hidden_size": 8, "num_hidden_layers": 2}, ROWS, 8, True, 1, 9, False
    )
    assert store.memory(shape) == store.memory(replace(shape)) == MEMORY
    assert made == [shape]
    assert Store(None, store.shipped, store.found).memory(shape) == MEMORY
    assert Store(None, store.shipped, store.found).memory(replace(shape, rows=2)) is None
    store.found.write_text("{")  # of a run that was killed: made again
    assert store.memory(shape) == MEMORY and len(made) == 2
    different = [{"rows": 2}, {"tokens": 8}, {"sharded": False}, {"recompute": True}, {"kind": GRPO}]
    assert len({key(replace(shape, **changed)) for changed in [{}, *different]}) == 6


def test_the_shipped_settings_fit_and_stand_in_the_manual():
    """From shipped dry runs alone, so that the check costs no time; `make memory-docs` writes both."""
    text = (ROOT / "docs" / "running.md").read_text()
    store = Store(None, found=RESULTS)
    lines = [["model", *COLUMNS]]
    for model in STUDENTS:
        peaks = plan.of_model(SHIPPED, model, store.memory)
        assert {peak.job for peak in peaks} == {
            *("SFT, students", "GRPO", "REINFORCE, TRAPO", "on-policy, sampling", "on-policy, KL"),
            *("generating", "drift"),
        }
        assert all(peak.fits for peak in peaks), [peak.arithmetic() for peak in peaks]
        lines += [[model, *cells(peak)] for peak in peaks]
    assert documented(text, lines) == text


@pytest.mark.slow
def test_shipped_dry_runs_are_those_of_this_code():
    """Else raise `store.FORMAT` and run `make memory-docs`."""
    from tms.memory_plan.training_step import dry_run

    for model, method in (("llama1b", "sft"), ("llama1b", "grpo"), ("qwen3b", "sft")):
        shape = plan.step_shape(SHIPPED, model, method, "math")
        assert dry_run(shape).total == pytest.approx(Store(None).memory(shape).total, rel=0.01)
