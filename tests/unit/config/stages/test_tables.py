"""Files behind a method's table, with the costs of all that it depends on."""

from helpers.shipped_config import SHIPPED

from tms.config.stages import tables

TEACHER = "data/chain/miniature/tiny_teacher/samples.cost.json"


def run_costs(method):
    return tables.run_costs(SHIPPED, "tiny", method, "chain", 0)


def test_costs_of_a_run():
    assert run_costs("sft") == {"teacher": TEACHER, "sft": "results/tiny/sft/chain/seed0/train.cost.json"}
    assert run_costs("grpo") == {
        "teacher": TEACHER,
        "on_policy": "results/tiny/grpo/chain/seed0/train.cost.json",
    }
    assert list(run_costs("tms").items()) == [
        ("teacher", TEACHER),
        ("sft", "results/tiny/sft/chain/seed0/train.cost.json"),
        ("harvest-tms-1", "results/tiny/tms/chain/seed0/harvest/part-1of1.cost.json"),
        ("student-tms", "results/tiny/tms/chain/seed0/train.cost.json"),
    ]


def test_self_distillation_from_the_base_needs_no_sft():
    assert list(run_costs("self_sft")) == ["teacher", "harvest-self_sft-1", "student-self_sft"]


def test_a_second_round_needs_the_first():
    assert list(run_costs("iterative_sft")) == [
        *("teacher", "sft", "harvest-final_sft-1", "student-final_sft"),
        *("harvest-iterative_sft-1", "student-iterative_sft"),
    ]


def test_aggregate():
    runs = {
        name: " ".join(
            f"{task}/seed0=results/tiny/sft/{task}/seed0/{name}" for task in ("mini_countdown", "chain")
        )
        for name in ("scores.json", "grades.parquet", "drift.json", "health.json")
    }
    costs = " ".join(
        f"teacher/{task}/seed0=data/{task}/miniature/tiny_teacher/samples.cost.json "
        f"sft/{task}/seed0=results/tiny/sft/{task}/seed0/train.cost.json"
        for task in ("mini_countdown", "chain")
    )
    assert tables.aggregate_flags(SHIPPED, "tiny", "sft") == (
        "--model tiny --method sft --targets mini_countdown chain --retention facts lookup refusal "
        f"--runs {runs['scores.json']} --grades {runs['grades.parquet']} --drifts {runs['drift.json']} "
        f"--costs {costs} --health {runs['health.json']}"
    )
    assert "--health" not in tables.aggregate_flags(SHIPPED, "tiny", "grpo")


def test_a_suite_with_all_parts():
    assert tables.suite_flags(SHIPPED, "qwen3b") == {
        "targets": ["math", "gsm8k", "countdown", "ifeval", "mmlu"],
        "retention": ["arc_c", "hotpotqa", "safetybench"],
        "views": ["math500=math"],
        "safety": ["wildguard", "wildjailbreak"],
        "reported": ["mmlu_subjects", "safetybench_zh"],
    }


def test_the_tables_that_are_joined():
    assert tables.table_files(SHIPPED, "tiny", "table.csv")[:2] == [
        "results/tiny/sft/table.csv",
        "results/tiny/self_sft/table.csv",
    ]
    assert next(iter(tables.model_tables(SHIPPED).items())) == ("llama1b", "results/llama1b/table.csv")


def test_an_average_costs_its_run_and_the_averaging():
    half = {"kind": "average", "average": {"of": "tms", "share": 0.5}}
    config = SHIPPED | {"methods": SHIPPED["methods"] | {"half": half}}
    own = {"average-half": "results/tiny/half/chain/seed0/train.cost.json"}
    assert tables.run_costs(config, "tiny", "half", "chain", 0) == run_costs("tms") | own
    assert tables.health_files(config, "tiny", "half") == {}


def test_what_a_benchmark_leaves_out_stands_beside_the_numbers():
    entry = {
        "kind": "ifeval",
        "grader": "ifeval",
        "test": 9,
        "max_new_tokens": 9,
        "options": {"sentences": False},
    }
    suites = SHIPPED["suites"] | {"miniature": SHIPPED["suites"]["miniature"] | {"reported": ["left"]}}
    config = SHIPPED | {"tasks": SHIPPED["tasks"] | {"left": entry}, "suites": suites}
    assert " --note " not in tables.aggregate_flags(SHIPPED, "tiny", "sft")
    assert " --note 'left is without the prompts" in tables.aggregate_flags(config, "tiny", "sft")
