"""Estimate of a job: tokens, seconds and disk, from the configuration, lengths and throughputs."""

from collections.abc import Callable
from dataclasses import replace

from tms.config import study
from tms.config.stages.evaluate import sampled_tasks
from tms.config.stages.mixture import saved_points
from tms.config.stages.train import distilled_model
from tms.config.tasks import limit, longest_row
from tms.cost_estimate.estimate import Estimate
from tms.cost_estimate.expected_pairs import counts_of_part
from tms.cost_estimate.harvested_pairs import harvested_pairs
from tms.cost_estimate.lengths import Lengths, Texts, total
from tms.cost_estimate.model_sizes import ModelSizes
from tms.cost_estimate.on_policy_work import OnPolicyWork
from tms.cost_estimate.pretraining import pretrain_seconds
from tms.cost_estimate.simulator_work import simulator_seconds
from tms.cost_estimate.stage_rows import evaluated_models, stage_rows
from tms.cost_estimate.throughput import (
    CHOICES,
    FORWARD_FLOPS,
    FROZEN_SHARE,
    TRAINING_FLOPS,
    Device,
    float32_slowdown,
)
from tms.mixture.schedule import total_steps, total_visits
from tms.planned_jobs.jobs import Job, examples_of
from tms.training import losses_by_name
from tms.vision.families import TRAINED

WHOLE = ("prompt", "completion")  # parts of a row


class Estimator:
    """Estimates the jobs of a workflow.

    Args:
        lengths: tokens of prompts and completions, by the configuration and the throughputs that hold here.
    """

    def __init__(self, lengths: Lengths):
        self.config, self.figures, self.lengths = lengths.config, lengths.figures, lengths
        self.sizes = ModelSizes(self.config, self.figures)
        self.stages: dict[str, Callable[[Job], Estimate]] = {
            "download": self._download,
            "pretrain": self._pretrain,
            "pretrain_tools": self._pretrain,
            "pretrain_images": self._pretrain,
            "teacher": self._teacher,
            "answer_general": self._answer_general,
            "train_sft": self._train,
            "train_student": self._train,
            "train_on_policy": self._train_on_policy,
            "average": self._average,
            "harvest": self._harvest,
            "generate": self._generate,
            "generate_samples": self._generate_samples,
            "grade_samples": self._grade_samples,
            "likelihoods": self._likelihoods,
            "judge": self._judge,
            "drift": self._drift,
        }

    def estimate(self, job: Job) -> Estimate:
        """Estimate a job; a stage without a model takes the seconds that the file of throughputs states.

        Raises:
            InputError: the parameters of a model are not known.
        """
        if job.rule in self.stages:
            return self.stages[job.rule](job)
        return Estimate(job, self.figures.stage_seconds(job.rule, stage_rows(job, self.config)))

    def _download(self, job: Job) -> Estimate:
        size = sum(map(self.sizes.bytes, job.output))
        return Estimate(job, size / self.figures.plain["download_bytes_a_second"], bytes=size)

    def _pretrain(self, job: Job) -> Estimate:
        seconds = pretrain_seconds(job, self.config, self.figures)
        models = [path for path in job.output if not path.endswith(".json")]
        return Estimate(job, seconds, bytes=sum(map(self.sizes.bytes, models)))

    def _teacher(self, job: Job) -> Estimate:
        task, name = job.wildcards["task"], job.wildcards["teacher"]
        entry = self.config["teachers"][name]
        if "model" not in entry:  # the data's own answers
            return Estimate(job, self.figures.stage_seconds(job.rule))
        folder = entry["model"]
        texts = [self.lengths.examples(task, split, folder) for split in ("train", "heldout")]
        return self._generation(job, folder, 1, texts, entry["tries"])

    def _answer_general(self, job: Job) -> Estimate:
        """One answer of the base to each general prompt."""
        model, folder = job.wildcards["model"], self.config["models"][job.wildcards["model"]]["base"]
        texts = self.lengths.general(job.wildcards["task"], model, folder)
        return self._generation(job, folder, 1, [texts])

    def _train(self, job: Job) -> Estimate:
        texts, model, method = self._references(job), job.wildcards["model"], job.wildcards["method"]
        replay = study.replay(self.config, model, method)
        visited = self.lengths.visited(self._visits(job, texts.count), texts, model, replay)
        beside = losses_by_name.reads_base(study.loss(self.config, model, method))
        passed, images = total(visited, *WHOLE), total(visited, "images")
        return self._training(job, total(visited, "completion"), passed, images, beside)

    def _train_on_policy(self, job: Job) -> Estimate:
        """Rollouts sampled, graded and trained on, and the passes for their KL or of a teacher."""
        model, method, task = (job.wildcards[name] for name in ("model", "method", "task"))
        training = self._keys(job)
        texts, folder = self._references(job), self.config["models"][model]["base"]
        chosen = study.section(self.config, "on_policy", model, method, task)
        work = OnPolicyWork(
            study.kind_of(self.config, method),
            chosen,
            study.rollouts(self.config, model, method, task),
            training["effective_batch"],
            total_steps(texts.count, training["epochs"], training["effective_batch"]),
            texts,
            longest_row(self.config, task, 0, chosen["max_new_tokens"]),
        )
        device, lanes = self._device(job)
        sampled = self._generation(
            job, folder, 0, [replace(texts, count=work.rollouts, completion=work.sampled)]
        )
        training_run = self._training(job, work.trained, work.passed, work.rollouts * texts.images)
        seen = replace(work, texts=texts.seen(self.sizes.tower_work(folder)))
        passes = {folder: seen.compared + seen.measured * float32_slowdown(job.gpus)}
        teacher = distilled_model(self.config, model, method) or folder
        passes[teacher] = passes.get(teacher, 0) + seen.read
        seconds = sampled.seconds + training_run.seconds
        for place, tokens in passes.items():
            seconds += device.forward_seconds(self.sizes.decoder(place), tokens) / lanes
        if work.kind.rewarded:
            graders = self.config["compute"]["grading_processes"]
            seconds += work.rollouts * self.figures.seconds_a_row.get("grade", 0.0) / graders
        state = training_run.state + work.kept * self.sizes.trained_parameters(folder, training.get("lora"))
        known = {"seconds": seconds, "generated": sampled.generated, "scored": work.scored, "state": state}
        return replace(training_run, **known)

    def _average(self, job: Job) -> Estimate:
        """Both models read, for the average and again for its distance from the base, and one saved."""
        folder, keys = self.config["models"][job.wildcards["model"]]["base"], self._keys(job)
        share = self.sizes.trained_parameters(folder, keys.get("lora")) / self.sizes.parameters(folder)
        saved = share * self.sizes.checkpoint_bytes(folder, keys["checkpoint_dtype"])
        read = 2 * (self.sizes.bytes(folder) + saved)
        seconds = self.figures.stage_seconds(job.rule) + read / self.figures.plain["load_bytes_a_second"]
        seconds += saved / self.figures.plain["save_bytes_a_second"]
        return Estimate(job, seconds, bytes=saved)

    def _references(self, job: Job) -> Texts:
        """The verified training references of a run's task."""
        entry = self.config["models"][job.wildcards["model"]]
        place = (job.wildcards["task"], entry["suite"], entry["teacher"], "train")
        return self.lengths.references(*place, entry["base"])

    def _training(
        self, job: Job, trained: float, passed: float, images: float, beside: bool = False
    ) -> Estimate:
        """A training run over `passed` tokens, `trained` of them in the loss, `images` of images; the base
        reads them too where it is `beside`."""
        model, keys = job.wildcards["model"], self._keys(job)
        folder = self.config["models"][model]["base"]
        saved = saved_points(self.config, model, job.wildcards["method"])
        parameters = self.sizes.parameters(folder)
        share = self.sizes.trained_parameters(folder, keys.get("lora")) / parameters
        one = share * self.sizes.checkpoint_bytes(folder, keys["checkpoint_dtype"])
        device, lanes = self._device(job)
        seconds = device.start["train"] + one / self.figures.plain["load_bytes_a_second"]
        decoder, seen = self.sizes.decoder(folder), self.sizes.tower_work(folder) * images
        passes = FROZEN_SHARE * passed if keys.get("lora") else passed
        passes += seen if keys.get("vision") == TRAINED else seen * FORWARD_FLOPS / TRAINING_FLOPS
        read = device.forward_seconds(decoder, passed + seen) if beside else 0
        seconds += (device.training_seconds(decoder, passes) + read) / lanes
        seconds += len(saved) * one / self.figures.plain["save_bytes_a_second"]
        return Estimate(
            job,
            seconds,
            trained=trained,
            scored=passed if beside else 0,
            bytes=len(saved) * one,
            removable=(len(saved) - 1) * one,
            state=share * parameters * self.figures.plain["state_bytes_a_parameter"],
        )

    def _keys(self, job: Job) -> dict:
        """Keys of `training` of a run."""
        wildcards = (job.wildcards[name] for name in ("model", "method", "task"))
        return study.section(self.config, "training", *wildcards)

    def _visits(self, job: Job, prompts: float) -> float:
        """Visits of prompts in a training run."""
        training = self._keys(job)
        longest = study.max_steps(self.config, job.wildcards["model"], job.wildcards["method"])
        return total_visits(prompts, training["epochs"], training["effective_batch"], longest)

    def _harvest(self, job: Job) -> Estimate:
        task, entry = job.wildcards["task"], self.config["models"][job.wildcards["model"]]
        train, heldout = (
            self.lengths.references(task, entry["suite"], entry["teacher"], split, entry["base"])
            for split in ("train", "heldout")
        )
        part, parts = int(job.wildcards["part"]), int(job.wildcards["parts"])
        visits = self._visits(job, train.count)
        wanted = harvested_pairs(self.config, self.lengths, job, visits, train.count, heldout.count)
        counts = counts_of_part(list(wanted.values()), part, parts)
        texts = [
            replace(split, count=sum(count[place] for count in counts))
            for place, split in enumerate((train, heldout))
        ]
        return self._generation(job, entry["base"], sum(sum(count) > 0 for count in counts), texts)

    def _generate(self, job: Job) -> Estimate:
        model = job.wildcards["model"]
        folder = self.config["models"][model]["base"]
        names = [task for task, split in examples_of(job) if split == "test"]
        texts = [self.lengths.benchmark(task, model, folder) for task in names]
        models = evaluated_models(job, self.config)
        return self._generation(job, folder, models, texts * models)

    def _generate_samples(self, job: Job) -> Estimate:
        """Many samples of the first prompts of each task that the job reads (Table 2)."""
        model = job.wildcards["model"]
        folder = self.config["models"][model]["base"]
        chosen = study.diagnose(self.config, model, "diversity")
        texts = [self.lengths.benchmark(task, model, folder) for task, _ in examples_of(job)]
        sampled = [replace(text, count=min(chosen["prompts"], text.count)) for text in texts]
        return self._generation(job, folder, 1, sampled, chosen["samples"])

    def _grade_samples(self, job: Job) -> Estimate:
        model, run = job.wildcards["model"], job.wildcards["run"]
        chosen = study.diagnose(self.config, model, "diversity")
        tasks = sampled_tasks(self.config, model, run)
        prompts = sum(min(chosen["prompts"], limit(self.config, task)) for task in tasks)
        return Estimate(job, self.figures.stage_seconds("grade", prompts * chosen["samples"]))

    def _judge(self, job: Job) -> Estimate:
        model, judge = job.wildcards["model"], job.wildcards["judge"]
        base, entry = self.config["models"][model]["base"], self.config["judges"][judge]
        judged = [
            self.lengths.benchmark(task, model, base)
            for task in study.benchmarks(self.config, model)
            if self.config["tasks"][task].get("judge") == judge
        ]
        texts = [Texts(text.count, text.prompt + text.completion, entry["max_new_tokens"]) for text in judged]
        return self._generation(job, entry["model"], 1, texts * evaluated_models(job, self.config))

    def _drift(self, job: Job) -> Estimate:
        """Samples of two models, their KL both ways, held-out divergence at each checkpoint, the floor."""
        model, task = job.wildcards["model"], job.wildcards["task"]
        entry = self.config["models"][model]
        folder, chosen = entry["base"], study.drift(self.config, model)
        prompted, beside = self.lengths.measured_beside(task, model, folder)
        sets = [replace(text, count=min(chosen["prompts"], text.count)) for text in prompted]
        sampled = self._generation(job, folder, 2, sets * 2, chosen["samples"])
        labels = self.lengths.references(task, entry["suite"], entry["teacher"], "heldout", folder)
        points = 1 + len(saved_points(self.config, model, job.wildcards["method"]))  # theta_0 too
        mixture = any(path.endswith("heldout_mixture.parquet") for path in job.input)
        # KL(pi || pi_0) on samples of pi, and the other way round: two models read two sets of samples.
        passes = (([labels], points + mixture), (beside, points), (sets, 4 * chosen["samples"]))
        scored = sum(times * total(texts, *WHOLE) for texts, times in passes)
        images = sum(times * total(texts, "images") for texts, times in passes)
        # The floor loads both models in two precisions.
        measured = self._forward(job, folder, points + 2 + 4, scored, images)
        return replace(sampled, seconds=sampled.seconds + measured.seconds, scored=scored)

    def _likelihoods(self, job: Job) -> Estimate:
        """Questions with each of their choices, at most as long as the prompt that lists all of them."""
        model = job.wildcards["model"]
        folder, models = self.config["models"][model]["base"], evaluated_models(job, self.config)
        texts = [self.lengths.benchmark(task, model, folder) for task, _ in examples_of(job)]
        return self._forward(job, folder, models, models * CHOICES * total(texts, "prompt"))

    def _forward(self, job: Job, folder: str, loads: float, scored: float, images: float = 0) -> Estimate:
        """Passes over so many tokens, `images` of them of images, in float32, on one card."""
        device, _ = self._device(job)
        passed = scored + self.sizes.tower_work(folder) * images
        passed *= float32_slowdown(job.gpus) / (1 if job.gpus else job.threads)
        seconds = device.start["score"] + device.forward_seconds(self.sizes.decoder(folder), passed)
        seconds += loads * self.sizes.bytes(folder) / self.figures.plain["load_bytes_a_second"]
        return Estimate(job, seconds, scored=scored)

    def _generation(
        self, job: Job, folder: str, models: float, texts: list[Texts], tries: int = 1
    ) -> Estimate:
        """One engine start, `models` loads, and the completions of all texts."""
        device, lanes = self._device(job)
        generated = tries * total(texts, "completion")
        read = tries * total([text.seen(self.sizes.tower_work(folder)) for text in texts], "read")
        parameters = self.sizes.decoder(folder)
        loading = models * self.sizes.bytes(folder) / self.figures.plain["load_bytes_a_second"]
        work = device.forward_seconds(parameters, read) + generated / device.tokens_a_second(parameters)
        work += simulator_seconds(self.lengths, self.sizes, device, texts, tries)
        seconds = device.start["generate"] + loading + work / lanes
        return Estimate(job, seconds, generated, bytes=generated * self.figures.plain["bytes_a_token"])

    def _device(self, job: Job) -> tuple[Device, int]:
        """The device that runs a job, and how many cards or threads of it."""
        return (self.figures.card, job.gpus) if job.gpus else (self.figures.cpu, job.threads)
