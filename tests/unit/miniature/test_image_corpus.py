"""The miniature that reads images: its corpus, tokenizer and chat template."""

import io
from itertools import islice
from random import Random

import numpy as np
import pytest
from PIL import Image

from tms.data.splits import split_of
from tms.graders import facts as grader
from tms.io.errors import InputError
from tms.miniature import image_corpus
from tms.miniature.image_corpus import ImageCorpus
from tms.tasks import read_words

TASKS = {
    "words": {"kind": "read_words"},
    "pairs": {"kind": "read_words", "options": {"words": 2}},
    "facts": {"kind": "facts"},
    "refusal": {"kind": "refusal"},
}


@pytest.fixture(scope="module")
def corpus():
    return ImageCorpus(TASKS)


@pytest.fixture(scope="module")
def told():
    """Questions on pictures: the words, the index of the one asked for, and the item."""
    drawn = []
    with pytest.MonkeyPatch.context() as patch:
        problem = read_words.problem

        def remember(random, settings):
            drawn.append(problem(random, settings))
            return drawn[-1]

        patch.setattr(read_words, "problem", remember)
        found = []
        for index in range(1200):
            key, item = ImageCorpus(TASKS).read_words(Random(index), 1 + index % 2)
            words, asked = drawn.pop()
            assert key == read_words.key(words[asked]) and not drawn
            found.append((words, asked, item))
    return found


def test_kinds_have_their_shares_and_no_problem_of_another_split(corpus):
    items = list(islice(corpus.items("0"), 2000))
    assert items == list(islice(ImageCorpus(TASKS).items("0"), 2000)) != list(islice(corpus.items("1"), 2000))
    kinds = [place_of(item.prompt) if item.picture else "text" for item in items]
    share = {place: kinds.count(place) / len(kinds) for place in set(kinds)}
    assert abs(share["alone"] - image_corpus.SHARES["read_words", 1]) < 0.01
    assert abs(share["upper"] + share["lower"] - image_corpus.SHARES["read_words", 2]) < 0.01
    for item in items:
        if place_of(item.prompt) == "alone":
            assert split_of(read_words.key(word_of(item.answer))) == "train"


def place_of(prompt):
    return next((place for place, asked in read_words.WORDINGS.items() if prompt in asked), None)


def word_of(answer):
    return answer.rstrip(".").split()[-1]


def test_a_word_alone_is_read_and_one_of_two_as_often_as_is_said(told):
    right = {"alone": [], "upper": [], "lower": []}
    for words, asked, item in told:
        place = place_of(item.prompt)
        assert place == ("alone" if len(words) == 1 else ("upper", "lower")[asked])
        right[place].append(grader.grade(item.answer, words[asked]).score)
        assert word_of(item.answer) in words
    assert set(right["alone"]) == {1}
    for place, share in image_corpus.RIGHT.items():
        assert abs(np.mean(right[place]) - share) < 0.09


def test_a_picture_is_sampled_by_its_pixels_whatever_its_compression(corpus, monkeypatch):
    first = corpus.samples(0, 40)
    assert first == ImageCorpus(TASKS).samples(0, 40) != corpus.samples(1, 40)

    def without_compression(random, words, draw=read_words.draw_picture):
        file = io.BytesIO()
        Image.open(io.BytesIO(draw(random, words))).save(file, "PNG", compress_level=0)
        return file.getvalue()

    monkeypatch.setattr(read_words, "draw_picture", without_compression)
    assert corpus.samples(0, 40) == first


@pytest.mark.parametrize(
    "tasks, message",
    [
        ({"x": {"kind": "calculate"}}, "knows no kind 'calculate'"),
        ({"x": {"kind": "read_words", "options": {"words": 3}}}, "write 1 or 2"),
    ],
)
def test_a_corpus_says_what_it_cannot_hold(tasks, message):
    with pytest.raises(InputError, match=message):
        ImageCorpus(tasks)


@pytest.fixture(scope="module")
def tokenizer(corpus):
    from tms.miniature.image_tokenizer import build_tokenizer

    return build_tokenizer(corpus)


def test_any_text_comes_back_and_each_capital_letter_is_a_token(tokenizer):
    texts = ["The word is KOBA.", "QXYZ 12", "naïve ✓ 7½\t\n\n  x", "", *read_words.WORDINGS["lower"]]
    for text in texts:
        ids = tokenizer(text).input_ids
        assert tokenizer.decode(ids) == text
        tokens = [tokenizer.decode([one]) for one in ids]
        capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        assert all(len(token) == 1 for token in tokens if set(token) & set(capitals))
    assert len(tokenizer("Which word is below?").input_ids) == 6 and len(tokenizer) < 1100


def test_images_and_texts_are_written_as_qwen_does(tokenizer):
    content = [{"type": "image"}, {"type": "image"}, {"type": "text", "text": "Read."}]
    chat = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": content}]
    text = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    image = "<|vision_start|><|image_pad|><|vision_end|>"
    assert text == (
        "<|im_start|>system\nBe brief.<|im_end|>\n"
        f"<|im_start|>user\n{image}{image}Read.<|im_end|>\n<|im_start|>assistant\n"
    )
    ids = tokenizer(text).input_ids
    assert ids.count(tokenizer.convert_tokens_to_ids("<|image_pad|>")) == 2
    assert tokenizer.decode(ids, skip_special_tokens=True) == "system\nBe brief.\nuser\nRead.\nassistant\n"
