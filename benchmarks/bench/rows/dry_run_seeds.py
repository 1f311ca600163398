"""Growth with seeds: a dry run of a model's table."""

WORK = "dry run of qwen3b's table: seeds"
PEER = ""
PACKAGES = ["snakemake"]
FIRST = "not measured"
REACH = {"growth": 1}
SIZES = [1, 10, 30]


def product(inputs):
    from rows import _dry_run

    return _dry_run.plan(_dry_run.of_model(seeds=list(range(inputs.size))))
