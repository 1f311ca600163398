"""Base models that the workflow pretrains from scratch, or copies where the repository holds the result."""

from tms.config import pretrained
from tms.config.stages import data


# Copies the shipped models where settings, corpus and code are those that they were made with.
rule pretrain:
    input:
        f"{pretrained.PLAIN.shipped}/pretrain.json",
    output:
        base=directory("models/{pretrained}/base"),
        teacher=directory("models/{pretrained}/teacher"),
        record="models/{pretrained}/pretrain.json",
    log:
        "logs/pretrain/{pretrained}.log",
    benchmark:
        "logs/benchmarks/pretrain/{pretrained}.tsv"
    wildcard_constraints:
        pretrained=any_of(pretrained.names(config, pretrained.PLAIN)),
    conda:
        "../../envs/laptop.yaml"
    threads: lambda w: config["pretrain"][w.pretrained]["threads"]
    params:
        flags=lambda w: data.pretrain_flags(config, w.pretrained),
        shipped=f"--shipped {pretrained.PLAIN.shipped}",
        code=digests("pretrain"),
    shell:
        f"{JOB} python workflow/scripts/pretrain.py"
        " {params.flags} {params.shipped} --record {output.record:q}"
        " --base {output.base:q} --teacher {output.teacher:q} > {log:q} 2>&1"


# Asked for by `make pretrain` alone.
use rule pretrain as pretrain_anew with:
    input:
        [],
    output:
        base=directory("models/{pretrained}/anew/base"),
        teacher=directory("models/{pretrained}/anew/teacher"),
        record="models/{pretrained}/anew/pretrain.json",
    log:
        "logs/pretrain_anew/{pretrained}.log",
    benchmark:
        "logs/benchmarks/pretrain_anew/{pretrained}.tsv"
    params:
        flags=lambda w: data.pretrain_flags(config, w.pretrained),
        shipped="",
        code=digests("pretrain"),


# The miniature that calls tools: no teacher.
rule pretrain_tools:
    input:
        f"{pretrained.TOOLS.shipped}/pretrain.json",
    output:
        base=directory("models/{pretrained}/base"),
        record="models/{pretrained}/pretrain.json",
    log:
        "logs/pretrain_tools/{pretrained}.log",
    benchmark:
        "logs/benchmarks/pretrain_tools/{pretrained}.tsv"
    wildcard_constraints:
        pretrained=any_of(pretrained.names(config, pretrained.TOOLS)),
    conda:
        "../../envs/laptop.yaml"
    threads: lambda w: config["pretrain"][w.pretrained]["threads"]
    params:
        program="pretrain_tools",
        flags=lambda w: data.pretrain_flags(config, w.pretrained),
        shipped=f"--shipped {pretrained.TOOLS.shipped}",
        code=digests("pretrain_tools"),
    shell:
        f"{JOB} python workflow/scripts/{{params.program:q}}.py"
        " {params.flags} {params.shipped} --record {output.record:q}"
        " --base {output.base:q} > {log:q} 2>&1"


use rule pretrain_tools as pretrain_tools_anew with:
    input:
        [],
    output:
        base=directory("models/{pretrained}/anew/base"),
        record="models/{pretrained}/anew/pretrain.json",
    log:
        "logs/pretrain_tools_anew/{pretrained}.log",
    benchmark:
        "logs/benchmarks/pretrain_tools_anew/{pretrained}.tsv"
    params:
        program="pretrain_tools",
        flags=lambda w: data.pretrain_flags(config, w.pretrained),
        shipped="",
        code=digests("pretrain_tools"),


# The miniature that reads images: no teacher either.
use rule pretrain_tools as pretrain_images with:
    input:
        f"{pretrained.IMAGES.shipped}/pretrain.json",
    log:
        "logs/pretrain_images/{pretrained}.log",
    benchmark:
        "logs/benchmarks/pretrain_images/{pretrained}.tsv"
    wildcard_constraints:
        pretrained=any_of(pretrained.names(config, pretrained.IMAGES)),
    params:
        program="pretrain_images",
        flags=lambda w: data.pretrain_flags(config, w.pretrained),
        shipped=f"--shipped {pretrained.IMAGES.shipped}",
        code=digests("pretrain_images"),


use rule pretrain_tools_anew as pretrain_images_anew with:
    log:
        "logs/pretrain_images_anew/{pretrained}.log",
    benchmark:
        "logs/benchmarks/pretrain_images_anew/{pretrained}.tsv"
    wildcard_constraints:
        pretrained=any_of(pretrained.names(config, pretrained.IMAGES)),
    params:
        program="pretrain_images",
        flags=lambda w: data.pretrain_flags(config, w.pretrained),
        shipped="",
        code=digests("pretrain_images"),
