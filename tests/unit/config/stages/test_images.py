"""Prepared files whose images a job reads: of tasks with images alone, each split that its rows are of."""

import copy

import pytest
from helpers.shipped_config import SHIPPED

from tms.config import study, tasks
from tms.config.stages import drift, evaluate, general, mixture, teacher, train
from tms.io import modules
from tms.io.code_digest import digests

SEEN, READ, HEARD = "seen", "read_aloud", "mixed"
IMAGES = {"kind": "textvqa", "grader": "vqa", "train": 64, "heldout": 8, "test": 8, "max_new_tokens": 16}
TEACHERS = {"given": {}, "sees": SHIPPED["teachers"]["llama70b"]}


@pytest.fixture(scope="module")
def config():
    """`tiny` on a suite with images: two tasks that are trained on, one alone and one with `chain`, and one
    that is not; prompts with images are replayed."""
    made = copy.deepcopy(SHIPPED) | {"teachers": TEACHERS}
    made["tasks"] |= {name: dict(IMAGES) for name in (SEEN, READ, HEARD)}
    targets = [SEEN, "lookup", {"mix": ["chain", READ]}]
    made["suites"]["pictures"] = {"targets": targets, "retention": ["facts", HEARD]}
    made["models"]["tiny"] |= {"suite": "pictures", "teacher": "given"}
    made["methods"]["replayed"] = {"kind": "replay", "replay": {"task": HEARD, "share": 0.2}}
    return study.expanded(made)


def named(flags: str) -> list[str]:
    """Files that flags name with `--images`."""
    words = flags.partition("--images ")[2].partition(" --")[0]
    return words.split()


def files(task: str, *splits: str) -> list[str]:
    return [f"data/{task}/{split}.parquet" for split in splits]


def test_training_reads_the_images_of_its_prompts(config):
    place = (config, "tiny")
    assert named(train.row_flags(*place, "sft", SEEN, "0")) == files(SEEN, "train")
    assert named(train.on_policy_flags(*place, "grpo", SEEN, "0")) == files(SEEN, "train")
    assert named(train.row_flags(*place, "tms", f"chain+{READ}", "0")) == files(READ, "train")
    assert named(train.row_flags(*place, "replayed", "lookup", "0")) == files(HEARD, "train")
    both = [*files(SEEN, "train"), *files(HEARD, "train")]
    assert named(train.row_flags(*place, "replayed", SEEN, "0")) == both
    assert train.images(*place, "replayed", SEEN) == both


def test_sampling_reads_the_images_of_its_prompts(config):
    harvest = mixture.harvest_flags(config, "tiny", "tms", SEEN, "0", "1", "1")
    assert named(harvest) == files(SEEN, "train", "heldout") == mixture.images(config, SEEN)
    assert named(general.answer_flags(config, "tiny", HEARD)) == files(HEARD, "train")
    tests = [f"data/{name}/test.parquet" for name in (SEEN, READ, HEARD)]
    assert named(evaluate.generate_flags(config, "tiny", "base")) == tests
    assert named(evaluate.sample_flags(config, "tiny", f"sft/{SEEN}/seed0")) == files(SEEN, "test")


def test_a_teacher_that_writes_reads_images_and_one_that_is_given_does_not(config):
    assert named(teacher.sample_flags(config, SEEN, "pictures", "sees")) == files(SEEN, "train", "heldout")
    assert "--images" not in teacher.sample_flags(config, SEEN, "pictures", "given")
    assert teacher.images(config, SEEN, "given") == []


def test_drift_reads_the_images_of_all_its_prompts(config):
    kept = files(HEARD, "test")
    assert named(drift.drift_flags(config, "tiny", "tms", SEEN, "0")) == files(SEEN, "heldout") + kept
    assert named(drift.drift_flags(config, "tiny", "tms", "lookup", "0")) == kept
    long = drift.drift_flags(config, "tiny", "sft_long", SEEN, "0")
    assert named(long) == files(SEEN, "heldout", "train") + kept


def test_text_has_no_flag_and_no_file(config):
    place = (config, "tiny")
    made = [
        train.row_flags(*place, "tms", "lookup", "0"),
        train.on_policy_flags(*place, "grpo", "lookup", "0"),
        mixture.harvest_flags(*place, "tms", "lookup", "0", "1", "1"),
        general.answer_flags(*place, "facts"),
        teacher.sample_flags(config, "lookup", "pictures", "sees"),
        evaluate.sample_flags(*place, "sft/lookup/seed0"),
        drift.drift_flags(SHIPPED, "tiny", "tms", "chain", "0"),
        evaluate.generate_flags(SHIPPED, "tiny", "base"),
    ]
    assert not [flags for flags in made if "--images" in flags]


def test_the_kinds_with_images_are_those_whose_code_names_images():
    """A kind that is not listed would make rows whose images no job gets."""
    kinds = modules.names("tasks")
    without = digests("show")
    assert not [file for file in without if file.startswith("tms/io/images.py:")]
    naming = {
        kind
        for kind in kinds
        if any(file.startswith("tms/io/images.py:") for file in digests("show", (f"tms.tasks.{kind}",)))
    }
    assert naming == tasks.IMAGES & {*kinds}
