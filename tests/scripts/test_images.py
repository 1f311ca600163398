"""Programs on rows with images: the prepared file that `--images` names, or one line that asks for it."""

import pytest
from helpers.tiny_vision import picture, prepared, write_vl

from tms.io import parquet


@pytest.fixture(scope="module")
def seeing(tmp_path_factory):
    """A random model that reads images."""
    return write_vl(tmp_path_factory.mktemp("vision") / "vl")


@pytest.fixture
def words(seeing, tmp_path):
    """The command line of `generate` over three rows with images and one without."""
    prepared(tmp_path / "seen.parquet", [[picture(0)], [picture(1), picture(2, 32, 16)], [picture(1)], []])
    outputs = ["--threads", 1, "--cache", "rows", "--output", "out.parquet", "--cost", "cost.json"]
    return ["--model", seeing, "--benchmarks", "seen=seen.parquet", "--max-new-tokens", 6, *outputs]


def completions(folder):
    return [row["completion_ids"] for row in parquet.read(folder / "out.parquet", ["completion_ids"])]


def test_generate_reads_the_images_of_its_rows(program, words, tmp_path):
    done = program("generate", *words, "--images", "seen.parquet")
    assert done.returncode == 0, done.stderr
    found = completions(tmp_path)
    assert len(found) == 4 and all(found)
    again = program("generate", *words, "--images", "seen.parquet")
    assert "generate seen: 4 rows, 4 of 4 stored, 0 to generate" in again.stderr
    assert completions(tmp_path) == found


def test_another_image_is_another_prompt(program, words, tmp_path):
    """The completion cache does not take rows on another picture for these."""
    assert program("generate", *words, "--images", "seen.parquet").returncode == 0
    prepared(tmp_path / "seen.parquet", [[picture(3)], [picture(1), picture(2, 32, 16)], [picture(1)], []])
    done = program("generate", *words, "--images", "seen.parquet")
    assert "generate seen: 4 rows, 3 of 4 stored, 1 to generate" in done.stderr


def test_a_program_without_the_files_asks_for_them_in_one_line(program, words):
    done = program("generate", *words)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("error: ") and "--images" in done.stderr


def test_a_model_that_only_reads_text_is_refused_in_one_line(program, words, tiny_model):
    words[1] = tiny_model
    done = program("generate", *words, "--images", "seen.parquet")
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith(f"error: {tiny_model}: ") and "images" in done.stderr
