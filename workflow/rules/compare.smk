"""The paper's numbers beside ours: over the models of `table.models`, and for one model."""


rule compare:
    input:
        cells=printed_models.cell_files(config, config["table"]["models"]),
        contamination=compared_contamination(config["table"]["models"]),
        paper=[f"{PAPER}/table{name}.csv" for name in ("1", "2", "4_5", "6", "7", "8", "9")],
    output:
        "results/compare.csv",
    log:
        "logs/compare.log",
    benchmark:
        "logs/benchmarks/compare.tsv"
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=flags(**printed_models.flag_values(config, config["table"]["models"]), paper=PAPER),
        code=digests("compare"),
    shell:
        "python workflow/scripts/compare.py {params.flags} --output {output} > {log} 2>&1"


use rule compare as compare_model with:
    input:
        cells=lambda wildcards: printed_models.cell_files(config, [wildcards.model]),
        contamination=lambda wildcards: compared_contamination([wildcards.model]),
        paper=[f"{PAPER}/table{name}.csv" for name in ("1", "2", "4_5", "6", "7", "8", "9")],
    output:
        "results/{model}/compare.csv",
    log:
        "logs/compare/{model}.log",
    benchmark:
        "logs/benchmarks/compare/{model}.tsv"
    params:
        flags=lambda wildcards: flags(
            **printed_models.flag_values(config, [wildcards.model]), only=[], paper=PAPER
        ),
        code=digests("compare"),
