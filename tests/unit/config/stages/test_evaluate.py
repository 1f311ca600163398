"""What is evaluated, by whom it is judged and graded, and how many samples diversity takes."""

from helpers.shipped_config import SHIPPED

from tms.config.stages import evaluate

ENGINE = "--engine transformers --threads 1 --cache rows"
RUN = "results/tiny/tms/chain/seed0"


def test_runs():
    assert evaluate.evaluated(SHIPPED, "tiny", "base") == {"model": "models/tiny/base"}
    assert evaluate.evaluated(SHIPPED, "tiny", "tms/chain/seed0") == {"model": f"{RUN}/checkpoint-1of1"}
    assert evaluate.evaluated(SHIPPED, "tiny", "tms/chain/seed0/points") == {
        "checkpoints": [f"{point}={RUN}/trajectory/checkpoint-{point}" for point in ("2of5", "7of10")]
    }
    assert [
        evaluate.evaluated_folder(SHIPPED, "tiny", run)
        for run in ("base", "tms/chain/seed0", "tms/chain/seed0/points")
    ] == ["models/tiny/base", f"{RUN}/checkpoint-1of1", f"{RUN}/trajectory"]


def test_generation_of_a_suite():
    assert evaluate.generate_flags(SHIPPED, "tiny", "base") == (
        "--model models/tiny/base --temperature 0.0 --top-p 1.0 --seed 0 --benchmarks "
        "mini_countdown=data/mini_countdown/test.parquet chain=data/chain/test.parquet "
        "facts=data/facts/test.parquet lookup=data/lookup/test.parquet refusal=data/refusal/test.parquet "
        "--limits mini_countdown=500 chain=500 facts=150 lookup=500 refusal=240 "
        f"--max-new-tokens mini_countdown=96 chain=96 facts=16 lookup=32 refusal=32 {ENGINE}"
    )


def scored_by_likelihood():
    """The shipped configuration with one benchmark of the paper scored by likelihood."""
    return SHIPPED | {
        "tasks": SHIPPED["tasks"] | {"arc_c": SHIPPED["tasks"]["arc_c"] | {"scoring": "likelihood"}}
    }


def test_a_benchmark_scored_by_likelihood_is_not_generated():
    config, run = scored_by_likelihood(), "tms/math/seed0"
    flags = evaluate.generate_flags(config, "qwen3b", run)
    assert "arc_c" not in flags and flags == evaluate.generate_flags(SHIPPED, "qwen3b", run).replace(
        " arc_c=data/arc_c/test.parquet", ""
    ).replace(" arc_c=1172", "").replace(" arc_c=4096", "")
    assert evaluate.likelihoods_flags(config, "qwen3b", run) == (
        "--model results/qwen3b/tms/math/seed0/checkpoint-1of1 --benchmarks arc_c=data/arc_c/test.parquet "
        "--limits arc_c=1172 --threads 1 --cache rows"
    )
    file = "results/qwen3b/tms/math/seed0/likelihoods.parquet"
    assert evaluate.likelihoods(config, "qwen3b", run) == [file]
    assert f" --likelihoods {file}" in (grading := evaluate.grade_flags(config, "qwen3b", run))
    assert "arc_c=choice" not in grading and "safetybench=choice" in grading
    # Nothing of it where no benchmark is.
    assert evaluate.likelihoods(SHIPPED, "qwen3b", run) == []
    assert "likelihoods" not in evaluate.grade_flags(SHIPPED, "qwen3b", run)


def test_judges_and_graders():
    assert evaluate.judged(SHIPPED, "tiny") == {} and evaluate.judgements(SHIPPED, "tiny", "base") == []
    assert evaluate.judged(SHIPPED, "qwen3b") == {"wildguard": ["wildguard", "wildjailbreak"]}
    assert evaluate.judge_flags(SHIPPED, "qwen3b", "wildguard") == (
        "--judge wildguard --benchmarks wildguard wildjailbreak --temperature 0.0 --max-new-tokens 32 "
        "--engine vllm --threads 1 --cache rows"
    )
    assert evaluate.grade_flags(SHIPPED, "tiny", "base") == (
        "--graders mini_countdown=countdown chain=chain facts=facts lookup=lookup refusal=refusal"
    )
    assert evaluate.grade_flags(SHIPPED, "qwen3b", "base").endswith(
        " --judged wildguard wildjailbreak --judgements results/qwen3b/base/judgements/wildguard.parquet"
    )


def test_samples_for_diversity():
    assert evaluate.sampled_tasks(SHIPPED, "tiny", "base") == ["mini_countdown", "chain"]
    assert evaluate.sample_flags(SHIPPED, "tiny", "grpo/chain/seed0") == (
        "--model results/tiny/grpo/chain/seed0/checkpoint-1of1 --temperature 1.0 --top-p 1.0 --seed 0 "
        "--samples 128 --benchmarks chain=data/chain/test.parquet --limits chain=100 "
        f"--max-new-tokens chain=96 {ENGINE}"
    )
    assert evaluate.sample_grade_flags(SHIPPED, "tiny", "base") == (
        "--graders mini_countdown=countdown chain=chain"
    )


def test_no_prompt_is_sampled_that_is_not_graded_greedily():
    tasks = SHIPPED["tasks"] | {"chain": SHIPPED["tasks"]["chain"] | {"limit": 7}}
    flags = evaluate.sample_flags(SHIPPED | {"tasks": tasks}, "tiny", "sft/chain/seed0")
    assert " --limits chain=7 " in flags
