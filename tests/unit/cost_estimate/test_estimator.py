"""Estimates of tokens, time and disk, against closed forms, real plans and simulated schedules."""

import copy
import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.estimate_config import CONFIG, figures
from helpers.paths import ROOT
from safetensors.numpy import save_file

from tms.config import study
from tms.cost_estimate.estimate import Estimate
from tms.cost_estimate.estimator import Estimator
from tms.cost_estimate.expected_pairs import distinct_pairs
from tms.cost_estimate.lengths import Lengths
from tms.cost_estimate.model_sizes import ModelSizes, folder_size
from tms.cost_estimate.summary import Machine, disk, spent_tokens, stages
from tms.cost_estimate.throughput import Device
from tms.cost_estimate.timetable import Load, length, starts
from tms.data.general import read_passages, read_prompts
from tms.io import cost, parquet
from tms.io.errors import InputError
from tms.mixture import plan
from tms.mixture.build import pairs
from tms.mixture.checkpoints import evenly_spaced
from tms.mixture.plan import MixtureWeights
from tms.mixture.weights import checkpoint_weights
from tms.planned_jobs.jobs import Job


def estimator(config: dict = CONFIG) -> Estimator:
    return Estimator(Lengths(config, figures()))


def job(rule: str, inputs=(), outputs=(), gpus: int = 0, **wildcards: str) -> Job:
    given = {"model": "q", "method": "tms", "task": "sums", "seed": "0"} | wildcards
    return Job(rule, given, list(inputs), list(outputs), gpus=gpus)


@pytest.fixture(autouse=True)
def nothing_prepared(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


class TestDistinctPairs:
    def test_the_papers_setting(self):
        found = distinct_pairs(MixtureWeights(0.25, *checkpoint_weights(10)), 2)
        assert sum(found.values()) == pytest.approx(1.44375)  # 10 (1 - 0.925^2)
        assert list(found) == evenly_spaced(10)

    def test_a_single_source_is_asked_once_a_prompt(self):
        assert distinct_pairs(MixtureWeights(0.0, ("1of1",), (1.0,)), 2) == {"1of1": 1.0}

    @pytest.mark.parametrize(
        ("alpha", "weights", "epochs", "samples", "share"),
        [
            (0.25, [0.1] * 10, 2, 1, 1.0),
            (0.0, [0.7, 0.2, 0.1], 3, 1, 1.0),
            (0.5, [0.5, 0.5], 2, 4, 1.0),
            (0.25, [0.25] * 4, 2, 1, 0.4),
            (0.25, [0.6, 0.4], 1, 2, 0.7),
            (1.0, [0.5, 0.5], 2, 1, 1.0),
        ],
    )
    def test_equals_what_plans_name(self, alpha, weights, epochs, samples, share):
        chosen = MixtureWeights(alpha, tuple(evenly_spaced(len(weights))), tuple(weights))
        names = [f"sums-{number}" for number in range(4000)]
        rows = list(plan.train_plan(names, chosen, epochs * len(names), samples, share, 0))
        drawn = pairs(parquet.table(parquet.PLAN, rows)).to_pylist()
        expected = distinct_pairs(chosen, epochs, samples, share)
        for point, mean in expected.items():
            named = sum(pair["checkpoint"] == point for pair in drawn) / len(names)
            # Five standard errors of a count of at most `epochs` successes a prompt, and of the subset.
            assert named == pytest.approx(mean, abs=5 * (epochs / share) / len(names) ** 0.5 * 0.5)
        total = sum(expected.values())
        assert len(drawn) / len(names) == pytest.approx(total, rel=0.06, abs=1e-9)

    def test_equals_the_average_over_every_outcome(self):
        """Three visits of one prompt, all 3^3 outcomes weighed."""
        chosen = MixtureWeights(0.3, ("1of2", "1of1"), (0.75, 0.25))
        odds = {"": 0.3, "1of2": 0.7 * 0.75, "1of1": 0.7 * 0.25}
        mean = dict.fromkeys(chosen.points, 0.0)
        for outcome in itertools.product(odds, repeat=3):
            chance = odds[outcome[0]] * odds[outcome[1]] * odds[outcome[2]]
            for point in set(outcome) - {""}:
                mean[point] += chance
        assert distinct_pairs(chosen, 3) == pytest.approx(mean)


class TestStages:
    def test_training(self):
        found = estimator().estimate(job("train_sft", gpus=8, method="sft"))
        assert found.trained == 2 * 800 * 400
        passed = 2 * 800 * 500
        assert found.seconds == pytest.approx(10 + 6 * 3e9 * passed / (8 * 0.5e14), rel=1e-3)
        assert (found.bytes, found.removable, found.state) == (10 * 6e9, 9 * 6e9, 36e9)
        wide = CONFIG | {"training": CONFIG["training"] | {"checkpoint_dtype": "float32"}}
        assert estimator(wide).estimate(job("train_sft", gpus=8, method="sft")).bytes == 10 * 12e9

    def test_a_base_beside_the_model_passes_over_the_same_tokens(self):
        """A third of the training's work, and nothing more is stored."""
        plain, beside = (
            estimator().estimate(job("train_sft", gpus=2, method=name)) for name in ("sft", "kl_sft")
        )
        assert beside.scored > 0 == plain.scored
        start = 10
        assert beside.seconds - start == pytest.approx(4 / 3 * (plain.seconds - start), rel=1e-3)
        assert (beside.trained, beside.state) == (plain.trained, plain.state)

    def test_an_average_is_a_checkpoint_and_no_training(self):
        methods = CONFIG["methods"] | {"half": {"kind": "average", "average": {"of": "sft", "share": 0.5}}}
        found = estimator(CONFIG | {"methods": methods}).estimate(job("average", method="half"))
        assert (found.bytes, found.removable, found.state, found.trained) == (6e9, 0, 0, 0)
        assert 0 < found.seconds < estimator().estimate(job("train_sft", gpus=8, method="sft")).seconds

    def test_adapters_of_an_8b_take_a_gigabyte_for_ten_checkpoints(self):
        """Rank 16 on seven matrices a layer, of sides 4096, 1024 (keys, values) and 14336 (inside)."""
        model = CONFIG["models"]["q"] | {"base": "models/hub/Llama-3.1-8B-Instruct", "parameters": 8e9}
        lora = CONFIG["training"] | {"lora": {"rank": 16, "alpha": 32}}
        changed = CONFIG | {"models": {"q": model}}
        whole = estimator(changed).estimate(job("train_sft", gpus=8, method="sft"))
        found = estimator(changed | {"training": lora}).estimate(job("train_sft", gpus=8, method="sft"))
        adapters = 32 * 16 * (2 * (4096 + 4096) + 2 * (4096 + 1024) + 3 * (4096 + 14336))
        assert adapters == 41_943_040
        assert whole.bytes == 160e9 and found.bytes == pytest.approx(10 * 2 * adapters) and found.bytes < 1e9
        assert found.state == pytest.approx(12 * adapters)
        assert found.seconds - 10 == pytest.approx(2 / 3 * (whole.seconds - 10), rel=1e-3)

    def test_each_turn_of_an_episode_reads_what_is_before_it(self):
        """Prompts of 100, answers of 400 tokens in four turns: 4 x 100 and 600 of the answer's own."""
        plain = estimator().estimate(job("train_on_policy", gpus=8, method="grpo"))
        given = figures().lengths | {"sums": {"prompt": 100, "completion": 400, "turns": 4}}
        turned = replace(figures(), lengths=given)
        estimated = Estimator(Lengths(CONFIG, turned))
        found = estimated.estimate(job("train_on_policy", gpus=8, method="grpo"))
        rollouts, sampled = 16 * 100 * 4, 200
        more = rollouts * (3 * 100 + 3 / 2 * sampled)
        assert found.seconds - plain.seconds == pytest.approx(2 * 3e9 * more / (8 * 0.5e14), rel=1e-6)
        assert (found.generated, found.trained) == (plain.generated, plain.trained)

    def test_a_rollout_with_tools_may_be_longer_than_one_turn(self):
        """Rollouts as long as the references, 400 tokens, where a turn has 200 at most."""
        task = CONFIG["tasks"]["sums"] | {"kind": "toolalpaca"}
        config = CONFIG | {"tasks": CONFIG["tasks"] | {"sums": task}}
        asked = job("train_on_policy", gpus=8, method="grpo")
        assert estimator(config).estimate(asked).trained == 2 * estimator().estimate(asked).trained

    @pytest.mark.parametrize("vision", ["frozen", "trained"])
    def test_images_pass_the_vision_tower(self, vision):
        """Qwen2.5-Omni-3B: four patches a token through 0.67e9 parameters, beside 3.4e9 of the decoder."""
        tower, decoder, images, rows = 668_684_288, 4.7e9 - 668_684_288 - 637_676_544, 50, 2 * 800
        model = CONFIG["models"]["q"] | {"base": "models/hub/Qwen2.5-Omni-3B", "parameters": 4.7e9}
        config = CONFIG | {"models": {"q": model}, "training": CONFIG["training"] | {"vision": vision}}
        given = figures().lengths | {"sums": {"prompt": 100, "completion": 400, "images": images}}
        seen = replace(figures(), lengths=given)
        estimated = Estimator(Lengths(config, seen))
        found = estimated.estimate(job("train_sft", gpus=8, method="sft"))
        flops = 6 * decoder * (100 + images + 400) + (6 if vision == "trained" else 2) * tower * 4 * images
        assert found.seconds == pytest.approx(10 + rows * flops / (8 * 0.5e14), rel=1e-3)
        assert (found.bytes, found.trained) == (10 * 2 * 4.7e9, rows * 400)
        read = estimated.estimate(job("harvest", gpus=1, part="0", parts="1"))
        without = estimator(config).estimate(job("harvest", gpus=1, part="0", parts="1"))
        samples = read.generated / 400
        more = samples * images * 2 * (decoder + 4 * tower)
        assert read.seconds - without.seconds == pytest.approx(more / 0.5e14, rel=1e-6)

    def test_a_model_that_speaks_counts_the_part_that_is_used(self, tmp_path):
        weights = {"thinker.a": np.zeros((30, 10), np.float32), "talker.b": np.zeros((70, 10), np.float32)}
        save_file(weights, tmp_path / "model.safetensors")
        size = (tmp_path / "model.safetensors").stat().st_size
        assert folder_size(tmp_path) == (300, pytest.approx(0.3 * size))
        save_file({"a": weights["thinker.a"], "b": weights["talker.b"]}, tmp_path / "model.safetensors")
        assert folder_size(tmp_path)[0] == 1000

    @pytest.mark.parametrize(
        ("method", "samples", "own"), [("grpo", 4, 1), ("reinforce", 1, 1), ("trapo", 8, 0.75)]
    )
    def test_on_policy_training(self, method, samples, own):
        """16 steps of 100 prompts; rollouts of 200 tokens, since references are longer than the limit."""
        found = estimator().estimate(job("train_on_policy", gpus=8, method=method))
        rollouts = 16 * 100 * samples
        assert (found.generated, found.trained) == (rollouts * 200 * own, rollouts * 200)
        assert found.scored == 2 * 16 * 64 * 300
        # The KL is measured in float32, eight times as slow; prompts are read before sampling.
        flops = 6 * rollouts * 300 + 8 * 2 * found.scored + 2 * rollouts * 100
        seconds = 20 + 3e9 * flops / (8 * 0.5e14) + found.generated / 1000 / 8 + rollouts * 0.1 / 2
        assert found.seconds == pytest.approx(seconds, rel=1e-3)
        assert (found.bytes, found.removable, found.state) == (6e9, 0, 36e9)

    @pytest.mark.parametrize(("method", "parameters"), [("sdft", 3e9), ("distill", 70e9)])
    def test_distillation_has_the_teacher_s_passes_and_no_grading(self, method, parameters):
        found = estimator().estimate(job("train_on_policy", gpus=8, method=method))
        plain = estimator().estimate(job("train_on_policy", gpus=8, method="reinforce"))
        rollouts = 16 * 100
        read = rollouts * (300 + (400 if method == "sdft" else 0))  # the past reads a reference of 400 tokens
        assert (found.generated, found.trained) == (plain.generated, plain.trained)
        assert found.scored == plain.scored + read
        seconds = 2 * parameters * read / (8 * 0.5e14) - rollouts * 0.1 / 2
        assert found.seconds == pytest.approx(plain.seconds + seconds, rel=1e-3)
        assert found.state == plain.state + (2 * 4 * 3e9 if method == "sdft" else 0)  # the moving average

    def test_on_policy_training_with_as_many_tokens_as_sft(self):
        chosen = CONFIG["on_policy"] | {"budget": "tokens", "beta": 0.1}
        found = estimator(CONFIG | {"on_policy": chosen}).estimate(
            job("train_on_policy", gpus=8, method="grpo")
        )
        assert found.trained == estimator().estimate(job("train_sft", gpus=8, method="sft")).trained
        rollouts = found.trained / 200
        assert found.scored == pytest.approx((2 * 64 * rollouts / 400 + rollouts) * 300)

    def test_harvest_parts_add_up_to_the_whole(self):
        config = CONFIG | {"harvest": CONFIG["harvest"] | {"parts": 4}}
        parts = [
            estimator(config).estimate(job("harvest", part=str(part), parts="4", gpus=1)).generated
            for part in range(1, 5)
        ]
        whole = estimator().estimate(job("harvest", part="1", parts="1", gpus=1)).generated
        assert sum(parts) == pytest.approx(whole)
        assert parts == pytest.approx([whole / 4] * 4)  # two and a half of the ten checkpoints each
        assert whole == pytest.approx((800 * 1.44375 + 80 * 0.75) * 400)

    def test_harvest_of_the_full_buffer(self):
        config = CONFIG | {"harvest": CONFIG["harvest"] | {"mode": "full", "samples": 2}}
        found = estimator(config).estimate(job("harvest", part="1", parts="1"))
        heldout = 80 * 20 * (0.75 / 20)
        assert found.generated == pytest.approx((800 * 2 * 10 + heldout) * 400)

    def test_a_current_plan_is_counted(self):
        """Two different completions, of three visits."""
        visits = [("train", "teacher", ""), *[("train", "checkpoint", "1of10")] * 2]
        visits += [("heldout", "checkpoint", "1of1")]
        rows = [
            {"split": split, "epoch": 0, "position": 0, "example_id": "sums-0", "source": source}
            | {"checkpoint": point, "sample": 0}
            for split, source, point in visits
        ]
        parquet.write(Path("run/plan.parquet"), parquet.PLAN, rows, {})
        found = estimator().estimate(job("harvest", ["run/plan.parquet"], part="1", parts="1"))
        assert found.generated == 2 * 400

    def test_one_checkpoint_draws_one_answer_a_prompt(self):
        config = CONFIG | {"harvest": CONFIG["harvest"] | {"samples": 4}}
        drawn = job("harvest", part="1", parts="1", method="self_sft")
        assert estimator(config).estimate(drawn).generated == estimator().estimate(drawn).generated > 0

    def test_teacher(self):
        found = estimator().estimate(
            job("teacher", ["models/hub/big", "data/sums/train.parquet"], teacher="big", gpus=4)
        )
        assert found.generated == 4 * 1100 * 400
        rate = 1000 * 3 / 70  # beyond the last count: inversely proportional
        read = 2 * 70e9 * 4 * 1100 * 100 / (4 * 0.5e14)
        assert found.seconds == pytest.approx(10 + found.generated / rate / 4 + read, rel=1e-3)

    def test_teacher_without_a_model(self):
        config = CONFIG | {"teachers": CONFIG["teachers"] | {"given": {"verify": True}}}
        found = estimator(config).estimate(job("teacher", teacher="given"))
        assert (found.generated, found.seconds) == (0, 5)

    def test_generate_counts_limits_and_stays_within_the_completion_limit(self):
        inputs = ["models/hub/q", "data/sums/test.parquet", "data/facts/test.parquet"]
        found = estimator().estimate(job("generate", inputs, run="base", gpus=1))
        assert found.generated == 40 * 400 + 20 * 10

    def test_a_simulator_reads_as_often_as_it_is_asked(self):
        """Prompts of 100 and answers of 400 tokens in three turns: two calls, of 150 tokens each."""
        inputs = ["models/hub/q", "data/sums/test.parquet", "data/facts/test.parquet"]
        given = figures().lengths | {"sums": {"prompt": 100, "completion": 400, "turns": 3}}
        turned = replace(figures(), lengths=given)
        task = CONFIG["tasks"]["sums"] | {"simulator": "server"}
        entry = {"model": "models/hub/server", "parameters": 3e9, "max_new_tokens": 512}
        simulated = CONFIG | {"tasks": CONFIG["tasks"] | {"sums": task}, "simulators": {"server": entry}}

        def seconds(config: dict, rule: str) -> float:
            found = Estimator(Lengths(config, turned))
            return found.estimate(job(rule, inputs, run="base", gpus=1)).seconds

        for rule, rows in (("generate", 40), ("generate_samples", 7 * 25)):
            reading = 2 * 3e9 * rows * (3 * 100 + 400) / 0.5e14
            writing = rows * 2 * 150 / 1000
            more = seconds(simulated, rule) - seconds(CONFIG, rule)
            assert more == pytest.approx(reading + writing, rel=1e-3)

    @pytest.mark.parametrize("target", ["chat+sums", "sums+chat"])
    def test_a_simulator_answers_every_task_of_a_joint_target_that_names_it(self, target):
        """Half of the prompts have two calls each, in three turns; the others have none."""
        given = figures().lengths | {"sums": {"prompt": 100, "completion": 400, "turns": 3}}
        tasks = CONFIG["tasks"] | {"chat": CONFIG["tasks"]["sums"] | {"max_new_tokens": 64}}
        joint = CONFIG | {"tasks": tasks, "suites": {"s": {"targets": [{"mix": target.split("+")}]}}}
        entry = {"model": "models/hub/server", "parameters": 3e9, "max_new_tokens": 512}
        played = tasks | {"sums": tasks["sums"] | {"simulator": "server"}}
        whole = job("harvest", task=target, part="1", parts="1", gpus=1)

        def seconds(config: dict) -> float:
            lengths = Lengths(study.expanded(config), replace(figures(), lengths=given))
            return Estimator(lengths).estimate(whole).seconds

        rows = 800 * 1.44375 + 80 * 0.75  # of each task: sampled for visits, and for held-out prompts
        more = seconds(joint | {"tasks": played, "simulators": {"server": entry}}) - seconds(joint)
        reading = 2 * 3e9 * rows * (3 * 100 + 400) / 0.5e14
        assert more == pytest.approx(reading + rows * 2 * 150 / 1000, rel=1e-3)

    def test_likelihoods_read_each_choice_behind_its_question(self):
        inputs = ["models/hub/q", "data/sums/test.parquet", "data/facts/test.parquet"]
        found = estimator().estimate(job("likelihoods", inputs, run="base", gpus=1))
        prompts = 40 * 100 + 20 * estimator().lengths.examples("facts", "test", "models/hub/q").prompt
        assert (found.generated, found.bytes) == (0, 0) and found.scored == pytest.approx(4 * prompts)
        # In float32, as long as eight passes in bfloat16 at half of the peak.
        twice = estimator().estimate(job("likelihoods", inputs, run="tms/sums/seed0", gpus=1))
        assert twice.seconds == found.seconds > 10

    def test_samples_of_the_first_prompts_of_each_task(self):
        inputs = ["models/hub/q", "data/sums/test.parquet", "data/facts/test.parquet"]
        found = estimator().estimate(job("generate_samples", inputs, run="base", gpus=1))
        assert found.generated == 7 * (25 * 400 + 20 * 10)  # facts has no more than 20
        for run in ("base", "tms/sums/seed0"):  # grading takes 2 s a job and 0.1 s a row
            assert estimator().estimate(job("grade_samples", run=run)).seconds == 2 + 0.1 * 7 * 25

    def test_a_runs_own_checkpoints_are_generated_and_graded_each(self):
        config = CONFIG | {"experiments": CONFIG["experiments"] | {"frontier": {"tms": ["tms"]}}}
        config |= {"models": {"q": CONFIG["models"]["q"] | {"experiments": ["main", "frontier"]}}}
        methods = CONFIG["methods"] | {"tms": {"kind": "tms", "training": {"checkpoints": ["1of5", "7of10"]}}}
        found = estimator(config | {"methods": methods})
        inputs = ["data/sums/test.parquet", "data/facts/test.parquet"]
        points = "tms/sums/seed0/points"
        assert found.estimate(job("generate", inputs, run=points, gpus=1)).generated == 2 * (
            40 * 400 + 20 * 10
        )
        assert found.estimate(job("grade", run=points)).seconds == pytest.approx(2 + 2 * 60 * 0.1)

    def test_judge_reads_the_judged_benchmarks_alone(self):
        found = estimator().estimate(job("judge", run="base", judge="guard", gpus=1))
        assert found.generated == 20 * 32

    def test_drift(self):
        inputs = [
            "a/checkpoint-1of1",
            "models/hub/q",
            "data/sums/heldout.parquet",
            "data/facts/test.parquet",
            "a/heldout_mixture.parquet",
        ]
        found = estimator().estimate(job("drift", inputs, gpus=1))
        assert found.generated == 2 * 3 * (16 * 400 + 16 * 10)
        labels = (2 + 1) * 80 * 500  # theta_0, the end, and the method's own supervision
        assert found.scored == labels + 4 * 3 * (16 * 500 + 16 * (50 + 10))
        # In float32, eight times as slow as the bfloat16 that the card's speed is of.
        assert found.seconds > 8 * estimator().figures.card.forward_seconds(3e9, found.scored)

    def test_drift_on_general_text_and_own_answers(self, monkeypatch):
        monkeypatch.chdir(ROOT)  # where the general prompts and passages are
        passages = sum(map(len, read_passages(ROOT / "workflow/resources/general")))
        changed = copy.deepcopy(CONFIG)
        changed["suites"]["s"]["general"] = True
        changed["tasks"]["facts"]["grader"] = "none"
        without, found = (
            estimator(config).estimate(job("drift", ["a/checkpoint-1of1"], gpus=1))
            for config in (CONFIG, changed)
        )
        assert found.generated - without.generated == 2 * 3 * 16 * 400
        prompts = [row["prompt"] for row in read_prompts(ROOT / "workflow/resources/general")]
        prompt = sum(map(len, prompts)) / len(prompts) / 4
        beside = 2 * (passages / 4 + 20 * (50 + 10))  # at theta_0 and at the end
        assert found.scored - without.scored == pytest.approx(beside + 4 * 3 * 16 * (prompt + 400))

    def test_others_take_what_the_file_says(self):
        assert estimator().estimate(job("grade", run="base")).seconds == pytest.approx(2 + 60 * 0.1)
        assert estimator().estimate(job("something_new")).seconds == 5

    def test_unknown_parameters_are_named(self):
        model = {name: value for name, value in CONFIG["models"]["q"].items() if name != "parameters"}
        with pytest.raises(InputError, match=r"models\.q\.parameters is missing"):
            estimator(CONFIG | {"models": {"q": model}}).estimate(job("train_student"))

    def test_parameters_of_a_folder_that_is_there(self, tiny_model):
        from transformers import AutoModelForCausalLM

        sizes = ModelSizes({}, figures())
        model = AutoModelForCausalLM.from_pretrained(tiny_model)
        assert sizes.parameters(str(tiny_model)) == model.num_parameters()
        assert sizes.bytes(str(tiny_model)) == (tiny_model / "model.safetensors").stat().st_size


class TestSpeeds:
    def test_generation_between_two_counts_is_a_line_in_logarithms(self):
        given = Device(1, {}, {}, {1e9: 8000.0, 4e9: 2000.0}, {})
        assert given.tokens_a_second(2e9) == pytest.approx(4000)
        assert [given.tokens_a_second(count) for count in (0.5e9, 1e9, 4e9, 8e9)] == pytest.approx(
            [16000, 8000, 2000, 1000]
        )


class TestTimetable:
    def test_jobs_fill_the_cards(self):
        loads = [Load(10, gpus=1) for _ in range(9)]
        assert length(loads, starts(loads, gpus=4, cores=1)) == 30
        assert length(loads, starts(loads, gpus=9, cores=1)) == 10

    def test_order_is_kept_and_cores_are_apart_from_cards(self):
        loads = [
            Load(5, gpus=2),
            Load(7, threads=1, after=frozenset({0})),
            Load(3, gpus=2, after=frozenset({1})),
            Load(12, gpus=2, after=frozenset({0})),
        ]
        begun = starts(loads, gpus=2, cores=1)
        assert begun == [0, 5, 17, 5]
        assert length(loads, begun) == 20

    def test_priority_goes_first(self):
        loads = [Load(5, gpus=1), Load(1, gpus=1, priority=1)]
        assert starts(loads, gpus=1, cores=1) == [1, 0]

    def test_too_few_cards_are_said_and_threads_are_capped(self):
        assert starts([Load(1, gpus=8)], gpus=4, cores=1) is None
        assert starts([Load(1, threads=8), Load(1)], gpus=0, cores=4) == [0, 1]

    def test_nothing_to_do(self):
        assert length([], starts([], 1, 1)) == 0


class TestReport:
    def test_tokens_of_a_measurement_were_spent_too(self, tmp_path):
        cost.write(tmp_path / "part.cost.json", cost.Cost(generated_tokens=300, measuring_tokens=40))
        assert spent_tokens(job("harvest", outputs=[str(tmp_path / "part.cost.json")])) == 340

    def chain(self) -> list[Estimate]:
        """Two runs of SFT, each with a harvest; an SFT run leaves 10 bytes, 9 for the harvest alone."""
        found = []
        for run in "ab":
            saved = [f"{run}/trajectory", f"{run}/checkpoint-1of1", f"{run}/cost.json"]
            sft = Job("train_sft", {}, [], saved, gpus=8)
            harvest = Job("harvest", {}, saved[:2], [f"{run}/part"], gpus=1, priority=1)
            found.append(Estimate(sft, 3600.0, trained=5, bytes=10, removable=9, state=3))
            found.append(Estimate(harvest, 1800.0, generated=7, bytes=1))
        return found

    def test_stages_and_total(self):
        *rows, total = stages(self.chain(), Machine(8, 4))
        assert [(row["stage"], row["jobs"], row["gpu_hours"], row["wall_hours"]) for row in rows] == [
            ("train_sft", 2, 16, 2),
            ("harvest", 2, 1, 0.5),
        ]
        # Runs on 8 cards, then its harvest on one (which goes first), the other run, its harvest.
        assert (total["jobs"], total["gpu_hours"], total["wall_hours"]) == (4, 17, 3)
        assert (total["trained"], total["generated"], total["bytes"]) == (10, 14, 22)

    def test_too_few_cards_leave_the_hours_empty(self):
        assert stages(self.chain(), Machine(4, 4))[-1]["wall_hours"] is None

    def test_what_is_removed_lowers_the_peak(self):
        kept = disk(self.chain(), Machine(8, 4), removing=False)
        # First run, its harvest, then the second run before its state goes.
        assert (kept.kept, kept.removable, kept.peak) == (22, 18, 10 + 1 + 13)
        removed = disk(self.chain(), Machine(8, 4), removing=True)
        assert removed.peak == 1 + 1 + 13

    def test_who_reads_the_last_checkpoint_or_the_cost_alone_holds_up_nothing(self):
        late = Job("table", {}, ["a/checkpoint-1of1", "b/cost.json"], ["table.csv"])
        found = [*self.chain(), Estimate(late, 9999.0)]
        assert disk(found, Machine(8, 4), True).peak == disk(self.chain(), Machine(8, 4), True).peak
