"""TextVQA and DocVQA: rows written by hand in the layout of their data sets."""

import json

import pyarrow.parquet as pq
import pytest
from helpers.image_set import image_set, picture

from tms.data import hub
from tms.data.contamination.overlap import ExactMatcher
from tms.graders import anls, vqa
from tms.io.conversation import read_context
from tms.io.errors import InputError
from tms.io.images import check_images, image_digest
from tms.tasks import docvqa, textvqa

ASKED = "\nAnswer the question using a single word or phrase."
CAMERA = ["nous les gosses", "dakota", "clos culombu", *["dakota digital"] * 3, *["Dakota"] * 4]


def photograph(image, number, question="what is the brand of this camera?", answers=CAMERA):
    """A row of TextVQA; image N has its own colour."""
    shade = int(image.removeprefix("photo"))
    return {
        "image_id": image,
        "question_id": number,
        "question": question,
        "question_tokens": question.strip("?").split(),
        "image": {"bytes": picture(f"rgb({shade},9,9)", kind="JPEG"), "path": None},
        "image_width": 40,
        "flickr_original_url": "https://example.org/x.jpg",
        "answers": list(answers),
        "set_name": "train",
        "ocr_tokens": ["DAKOTA"],
    }


def page(document, number, question="What is the date?", answers=("7 May", "May 7"), page_no="1"):
    """A row of DocVQA."""
    return {
        "questionId": str(number),
        "question": question,
        "question_types": ["layout"],
        "image": {"bytes": picture("white", (60, 80)), "path": None},
        "docId": 14465,
        "ucsf_document_id": document,
        "ucsf_document_page_no": page_no,
        "answers": list(answers),
        "data_split": "val",
    }


def test_a_photograph(tmp_path):
    item = photograph("photo1", 34602)
    image_set(tmp_path / "textvqa", "default", {"validation": [item]})
    (row,) = textvqa.build("test", 1, 0, {}, tmp_path)
    assert (row["example_id"], row["solution"], row["cluster"]) == ("textvqa-34602", "dakota", "photo1")
    assert row["prompt"] == "What is the brand of this camera?" + ASKED
    assert row["images"] == [{"bytes": item["image"]["bytes"], "path": None}]
    assert read_context(row["context"]).images == [image_digest(item["image"]["bytes"])]
    check_images([row], "tasks.textvqa.test")
    assert json.loads(row["answer"]) == CAMERA
    # Five of the ten say "dakota" in the evaluator's normal form, as the reference does; three the other one.
    assert vqa.grade(row["solution"], row["answer"]).score == 1.0
    assert vqa.grade("Dakota Digital.", row["answer"]).score == pytest.approx(0.9)


def test_a_page(tmp_path):
    item = page("txpp0227", 49153, page_no="10")
    image_set(tmp_path / "docvqa", "DocVQA", {"validation": [item]})
    (row,) = docvqa.build("test", 1, 0, {}, tmp_path)
    assert (row["example_id"], row["solution"], row["cluster"]) == ("docvqa-49153", "7 May", "txpp0227")
    assert row["prompt"] == "What is the date?" + ASKED
    assert row["problem"] == "What is the date?\nimage txpp0227 page 10"
    check_images([row], "tasks.docvqa.test")
    assert anls.grade(row["solution"], row["answer"]).score == anls.grade("may 7", row["answer"]).score == 1.0


def test_the_reference_is_what_most_said():
    assert textvqa.most_given(["red", "Blue", "blue ", "red"]) == "red"  # as many: the first
    assert textvqa.most_given(["red", "Blue ", "blue"]) == "Blue"
    assert textvqa.most_given([]) == textvqa.most_given(None) == ""


@pytest.mark.parametrize("kind", [textvqa, docvqa])
def test_no_image_is_on_both_sides(kind, tmp_path):
    make = photograph if kind is textvqa else page
    prefix = "photo" if kind is textvqa else "doc"
    items = [make(f"{prefix}{i}", 3 * i + j, f"question {j}?") for i in range(40) for j in range(3)]
    image_set(tmp_path / kind.SOURCE.folder, kind.SOURCE.config or "default", {"train": items})
    held = sum(hub.is_heldout(f"{prefix}{i}") for i in range(40))
    assert 0 < held < 20
    train = kind.build("train", 3 * (40 - held), 0, {}, tmp_path)
    heldout = kind.build("heldout", 3 * held, 0, {}, tmp_path)
    sides = [{row["problem"].split("image ")[1] for row in rows} for rows in (train, heldout)]
    assert not sides[0] & sides[1] and len(sides[0]) == 40 - held
    assert kind.build("train", 7, 0, {}, tmp_path) == train[:7]  # a larger size adds rows
    other = kind.build("train", len(train), 1, {}, tmp_path)  # another seed orders them otherwise
    assert other != train
    assert sorted(row["example_id"] for row in other) == sorted(row["example_id"] for row in train)
    with pytest.raises(
        InputError, match=f"{len(train) + 1} train rows asked for, but there are {len(train)}"
    ):
        kind.build("train", len(train) + 1, 0, {}, tmp_path)


def test_the_same_words_on_another_image_are_another_problem(tmp_path):
    items = [photograph(f"photo{i}", i) for i in range(1, 4)]
    image_set(tmp_path / "textvqa", "default", {"validation": items})
    rows = textvqa.build("test", 3, 0, {}, tmp_path)
    assert ExactMatcher(rows[:1]).matches(rows) == {rows[0]["example_id"]: [rows[0]["example_id"]]}


def test_a_shuffled_part_is_a_fair_sample_of_a_set_that_is_sorted_by_image(tmp_path):
    image_set(tmp_path / "docvqa", "DocVQA", {"validation": [page(f"d{i // 3}", i) for i in range(30)]})
    first = docvqa.build("test", 6, 0, {}, tmp_path)
    assert [row["example_id"] for row in first] == [f"docvqa-{i}" for i in range(6)]
    mixed = docvqa.build("test", 6, 0, {"order": "hash"}, tmp_path)
    assert len({row["problem"] for row in mixed}) > 3


def test_images_of_other_rows_are_not_read(tmp_path):
    """A row whose image has no bytes is a fault where it is asked for, in one line."""
    items = [page("a", 0), page("b", 1) | {"image": {"bytes": None, "path": "/etc/hostname"}}]
    image_set(tmp_path / "docvqa", "DocVQA", {"validation": items})
    assert len(docvqa.build("test", 1, 0, {}, tmp_path)) == 1
    with pytest.raises(
        InputError, match="docvqa-1: row 2: the column image has no bytes of an image"
    ) as caught:
        docvqa.build("test", 2, 0, {}, tmp_path)
    assert len(str(caught.value).splitlines()) == 1


def test_the_column_has_to_hold_images(tmp_path):
    items = [page("a", 0)]
    folder = image_set(tmp_path / "docvqa", "DocVQA", {"validation": items})
    (file,) = (folder / "data").iterdir()
    table = pq.read_table(file).replace_schema_metadata()
    pq.write_table(table.set_column(3, "image", [["a.png"]]), file)
    with pytest.raises(InputError) as caught:
        docvqa.build("test", 1, 0, {}, tmp_path)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("kind", [textvqa, docvqa])
def test_options_and_splits(kind, tmp_path):
    with pytest.raises(InputError, match="unknown option 'sizes'"):
        kind.build("test", 1, 0, {"sizes": 1}, tmp_path)
    assert kind.SOURCE.splits["test"] == "validation"  # the test split's answers are not public
