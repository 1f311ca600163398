"""Facts of a planned job, and the line in which a refused plan is told."""

from tms.planned_jobs.jobs import Job, examples_of, refusal


def test_examples_behind_the_gate_count_too():
    paths = ["data/sums/small/train.parquet", "data/sums/small/big/references.parquet"]
    assert examples_of(Job("teacher", {}, paths, [])) == [("sums", "train")]


def test_a_refusal_in_the_configs_own_words():
    assert refusal("Using profile\nerror: config: tms.alpha: 2\n", "t") == "config: tms.alpha: 2"


def test_a_refusal_by_an_exception_becomes_one_line():
    said = "Building DAG of jobs...\nMissingRuleException:\nNo rule to produce t\n"
    assert refusal(said, "t") == "t: snakemake: MissingRuleException: No rule to produce t"
