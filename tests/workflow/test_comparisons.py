"""What each experiment is compared with, and the question over all models, as Snakemake plans them."""

import re

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def empty(new_project):
    """A copy of the project, with nothing made."""
    return new_project("empty")


def planned(project, target, *configs):
    done = project.snakemake("--dry-run", "--printshellcmds", target, configs=configs, smoke=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def references(text, experiment):
    return re.search(rf"measure.py --experiment {experiment} .* --references (.*?) --", text)[1].split()


def test_the_mixture_is_compared_with_self_distillation_too(empty):
    text = planned(empty, "results/tiny/cells/mixture.parquet")
    assert references(text, "mixture") == ["sft", "tms", "self_sft", "final_sft"]


def test_a_model_is_compared_with_its_own_methods_alone(empty):
    small = "models: {tiny: {experiments: [main]}}\nexperiments: {main: [sft, self_sft]}\n"
    text = planned(empty, "results/tiny/cells/main.parquet", empty.overlay("small.yaml", small))
    assert references(text, "main") == ["sft"]
    assert "results/tiny/tms/" not in text


def test_scaling_reads_the_main_experiment_of_each_model_of_the_table(empty):
    three = empty.overlay("three.yaml", "table: {models: [qwen1.5b, qwen3b, qwen7b]}\n")
    text = planned(empty, "results/questions.json", three)
    command = re.search(r"questions.py .* --output results/questions.json", text)[0]
    assert "--model" not in command
    assert re.findall(r"results/(\S+)/cells/(\w+)\.parquet", command) == [
        ("qwen1.5b", "main"),
        ("qwen3b", "main"),
        ("qwen7b", "main"),
    ]


def test_variants_of_a_mixture_are_one_recipe(empty):
    text = planned(empty, "results/tiny/cells/relations.parquet")
    recipes = re.search(r"relations.py .* --recipes (.*?) --", text)[1].split()
    assert {"tms_early=tms", "tms_t12=tms", "tms_alpha0=tms_alpha0", "tms_final=tms_final"} <= set(recipes)
