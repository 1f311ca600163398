"""Pretrained models, examples of the tasks, and the gate before training: flags of their jobs."""

import json
from pathlib import Path

from tms.config import paths, tasks
from tms.config.flags import flags, labelled
from tms.config.pretrained import pretraining
from tms.config.suite import Suite
from tms.data.records.content import content
from tms.data.records.options import read as read_options
from tms.io import json_file

TAKE_AGAIN = "take the file from the repository again"


def pretrain_flags(config: dict, pretrained: str) -> str:
    """Settings of the pretraining, and the tasks of its suite, whose skills the corpus teaches."""
    entry = dict(config["pretrain"][pretrained])
    suite = config["suites"][entry.pop("suite")]
    taught = {
        name: {"kind": tasks.kind(config, name), "options": config["tasks"][name].get("options", {})}
        for name in [*tasks.each(suite["targets"]), *suite.get("retention", [])]
    }
    return flags(tasks=json.dumps(taught, sort_keys=True), **entry)


def is_shipped(config: dict, pretrained: str) -> bool:
    """Whether the repository holds the models that these settings make, so that they are only copied."""
    record = Path(pretraining(config, pretrained).shipped, "pretrain.json")
    made = json_file.read(record, "record of a pretraining", TAKE_AGAIN, {"command": str})
    return pretrain_flags(config, pretrained) in made["command"]


def prepare_flags(config: dict, task: str, split: str) -> str:
    """The split and size of a task, the options of its kind, and digests of the user's files by content."""
    entry = config["tasks"][task]
    contents = {content(file): file for file in record_files(config, task, split)}
    return flags(
        task=task,
        kind=tasks.kind(config, task),
        data_root=tasks.data_root(config, task),
        split=split,
        size=entry[split],
        seed=entry.get("seed", 0),
        options=json.dumps(entry.get("options", {}), sort_keys=True),
        contents=labelled(contents) or None,
    )


def record_files(config: dict, task: str, split: str) -> list[str]:
    """Files of the user's own that a split of a task is made of."""
    if tasks.kind(config, task) != tasks.RECORDS:
        return []
    return read_options(config["tasks"][task].get("options", {})).paths(split)


def suite_benchmarks(config: dict, suite: str) -> list[str]:
    """Benchmarks of a suite: what its training sets must not hold."""
    return Suite(**config["suites"][suite]).benchmarks


def decontaminate_flags(config: dict, task: str, suite: str) -> str:
    """The benchmarks that a training set is compared with, and those whose rows stay in it."""
    benchmarks = suite_benchmarks(config, suite)
    kept = config["contamination"]["kept"].get(task, {})
    return flags(
        task=task,
        keep=sorted(set(kept) & set(benchmarks)) or None,
        benchmarks=labelled(paths.test_files(benchmarks)),
    )


def gate_flags(config: dict, task: str, suite: str) -> str:
    """The share of rows that may overlap, and the pairs that are accepted or kept, with reasons."""
    benchmarks = suite_benchmarks(config, suite)

    def reasons(part: str) -> list[str] | None:
        given = config["contamination"][part].get(task, {})
        return labelled({name: given[name] for name in sorted(given) if name in benchmarks}) or None

    return flags(
        max_share=config["contamination"]["max_share"], accept=reasons("accepted"), keep=reasons("kept")
    )
