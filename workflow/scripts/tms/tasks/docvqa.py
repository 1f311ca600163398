"""DocVQA: questions on scanned pages of industry documents (Mathew et al., 2021).

hub       lmms-lab/DocVQA, config `DocVQA`, splits `train` (39,463) and `validation` (5,349)
revision  539088ef8a8ada01ac8e2e6d4e372586748a265e
licence   Apache-2.0
columns   questionId, question, image, ucsf_document_id, ucsf_document_page_no, answers
see       https://huggingface.co/datasets/lmms-lab/DocVQA, https://www.docvqa.org

One row:

    context   {"images": ["2c26b4..."], "messages": []}
    prompt    What is the ‘actual’ value per 1000, during the year 1975?
              Answer the question using a single word or phrase.
    images    [{"bytes": ..., "path": None}]
    answer    ["0.28"]
    solution  0.28

The test split's answers are not public, so `test` is the validation split. `train` and `heldout` are parts of
the training split that share no document (`tms/data/image_questions.py`). The reference is the first answer.
The first preparation downloads all splits of the config (9.6 GB, and 11 GB beside them as `datasets` caches
them).
"""

from tms.data import hub
from tms.data.image_questions import ImageQuestion, question_set

SOURCE = hub.Source(
    repo="lmms-lab/DocVQA",
    config="DocVQA",
    splits={"train": "train", "heldout": "train", "test": "validation"},
    revision="539088ef8a8ada01ac8e2e6d4e372586748a265e",
    folder="docvqa",
    columns=(
        "questionId",
        "question",
        "image",
        "ucsf_document_id",
        "ucsf_document_page_no",
        "answers",
    ),
    texts=("questionId", "question", "ucsf_document_id", "ucsf_document_page_no"),
    images=("image",),
)


def question(item: dict) -> ImageQuestion:
    """The question of a row."""
    return ImageQuestion(
        example_id=f"docvqa-{item['questionId']}",
        question=item["question"],
        golds=item["answers"],
        reference=item["answers"][0].strip() if item["answers"] else "",
        image=f"{item['ucsf_document_id']} page {item['ucsf_document_page_no']}",
        group=item["ucsf_document_id"],
        stored=item["image"],
    )


build = question_set("docvqa", SOURCE, question)
