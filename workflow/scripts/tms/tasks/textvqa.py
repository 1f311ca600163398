"""TextVQA: questions on photographs whose answer stands in the picture as text (Singh et al., 2019).

hub       lmms-lab/textvqa, splits `train` (34,602 questions, 21,953 images) and `validation` (5,000, 3,166)
revision  9c0699cd19768ac5ab97568f6b3cbac4c0062884
licence   CC BY 4.0
columns   image_id, question_id, question, image, answers (those of ten people)
see       https://huggingface.co/datasets/lmms-lab/textvqa, https://textvqa.org

One row:

    context   {"images": ["9f86d0..."], "messages": []}
    prompt    What is the brand of this camera?
              Answer the question using a single word or phrase.
    images    [{"bytes": ..., "path": None}]
    answer    ["nous les gosses", "dakota", "clos culombu", "dakota digital", "dakota", ...]
    solution  dakota

The test split's answers are not public, so `test` is the validation split. `train` and `heldout` are parts
of the training split that share no image (`tms/data/image_questions.py`). The reference is the answer that
most of the ten gave, the first of those; of some rows it is "unanswerable" or "answering does not require
reading text in the image". The first preparation downloads all splits (8.1 GB, and 13 GB beside them as
`datasets` caches them).
"""

from collections import Counter

from tms.data import hub
from tms.data.image_questions import ImageQuestion, question_set

SOURCE = hub.Source(
    repo="lmms-lab/textvqa",
    config=None,
    splits={"train": "train", "heldout": "train", "test": "validation"},
    revision="9c0699cd19768ac5ab97568f6b3cbac4c0062884",
    folder="textvqa",
    columns=("image_id", "question_id", "question", "image", "answers"),
    texts=("image_id", "question"),
    images=("image",),
)


def question(item: dict) -> ImageQuestion:
    """The question of a row; it begins with a capital letter, as lmms-eval asks it."""
    return ImageQuestion(
        example_id=f"textvqa-{item['question_id']}",
        question=item["question"].capitalize(),
        golds=item["answers"],
        reference=most_given(item["answers"]),
        image=item["image_id"],
        group=item["image_id"],
        stored=item["image"],
    )


def most_given(answers: list[str] | None) -> str:
    """The answer that most people gave, whatever its case: the first of those that as many gave."""
    answers = answers or [""]
    forms = [answer.strip().casefold() for answer in answers]
    counts = Counter(forms)
    return answers[max(range(len(forms)), key=lambda place: counts[forms[place]])].strip()


build = question_set("textvqa", SOURCE, question)
