"""Growth with methods: a dry run of a model's table, each method TMS with an alpha of its own."""

WORK = "dry run of qwen3b's table, a seed: methods"
PEER = ""
PACKAGES = ["snakemake"]
FIRST = "not measured"
REACH = {"growth": 1}
SIZES = [10, 30, 100]


def product(inputs):
    from rows import _dry_run

    methods = {
        f"tms_{number}": {"kind": "tms", "tms": {"alpha": number / inputs.size}}
        for number in range(inputs.size)
    }
    experiments = {"main": ["sft", *methods]}
    return _dry_run.plan(_dry_run.of_model(seeds=[0]) | {"methods": methods, "experiments": experiments})
