"""HotpotQA, distractor setting: questions over ten paragraphs, two of which matter (Yang et al., 2018).

hub       hotpotqa/hotpot_qa, config `distractor`, split `validation` (7,405)
revision  1908d6afbbead072334abe2965f91bd2709910ab
licence   CC BY-SA 4.0
columns   id, question, answer, type, level, supporting_facts, context (lists `title` and `sentences`)
see       https://huggingface.co/datasets/hotpotqa/hotpot_qa, https://hotpotqa.github.io

One row:

    prompt    Answer the question with the help of these passages. ... VIVA Media: VIVA Media GmbH ...
    answer    Gesellschaft mit beschränkter Haftung

A paragraph's sentences are joined as they are: those after the first begin with a space. The hub's config
also holds the training split, which the first preparation downloads (about 0.6 GB) and nothing here uses.
"""

from tms.data import hub

SOURCE = hub.Source(
    repo="hotpotqa/hotpot_qa",
    config="distractor",
    splits={"test": "validation"},
    revision="1908d6afbbead072334abe2965f91bd2709910ab",
    folder="hotpotqa",
    columns=("id", "question", "answer", "context"),
    texts=("question", "answer"),
)
PROMPT = (
    "Answer the question with the help of these passages.\n\n{passages}\n\nQuestion: {question}\n\n"
    'Think step by step, then finish with a line of the form "answer: <short answer>": '
    "a name, a date, a few words, yes or no."
)


def row(index: int, item: dict) -> dict:
    """The row of one question."""
    context = zip(item["context"]["title"], item["context"]["sentences"], strict=True)
    passages = "\n\n".join(f"{title}: {''.join(sentences).strip()}" for title, sentences in context)
    return {
        "example_id": f"hotpotqa-{item['id']}",
        "prompt": PROMPT.format(passages=passages, question=item["question"]),
        "answer": item["answer"],
        "problem": item["question"],
        "solution": "",
    }


build = hub.test_set("hotpotqa", SOURCE, row)
