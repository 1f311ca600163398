"""Grader of answers to questions on images that ten people have answered: VQA accuracy, as TextVQA has it.

An answer has min(1, matches / 3), averaged over the ten sets of nine people's answers (Goyal et al. 2017;
https://visualqa.org/evaluation.html): 0.3, 0.6, 0.9 and 1 where one, two, three, and four or more of the ten
gave it. Answers are compared in the normal form of `EvalAIAnswerProcessor` (facebookresearch/mmf,
mmf/utils/m4c_evaluators.py at 2dc099a, `TextVQAAccuracyEvaluator`). It differs from vqaEval.py of
GT-Vision-Lab/VQA: it is lower case from the start, commas and question marks go first, and gold answers are
always brought into it.

The whole completion is the answer, as in a submission: "The answer is Paris." is not "paris", so the prompt
has to ask for a short answer. An article alone is nothing ("A" is ""), as in the official code.
"""

import re

from tms.answers.gold_texts import gold_texts
from tms.answers.grade import Grade
from tms.io.errors import InputError

METRIC = "vqa_accuracy"
PEOPLE = 10
# Each becomes a space, or nothing where the text has it beside a space.
PUNCTUATION = ';/[]"{}()=+\\_-><@`!'
POINT = re.compile(r"\.(?!\d)")
MOST_POINTS = 32  # that are taken out: the official code passes re.UNICODE, 32, as the count
NUMBERS = {"none": "0"} | {
    word: str(number)
    for number, word in enumerate("zero one two three four five six seven eight nine ten".split())
}
ARTICLES = {"a", "an", "the"}
CONTRACTIONS = """
ain't aren't can't couldn't couldn't've could've didn't doesn't don't hadn't hadn't've hasn't haven't
isn't mightn't mightn't've might've mustn't must've needn't not've oughtn't shan't shouldn't shouldn't've
should've wasn't weren't won't wouldn't wouldn't've would've he'd he'd've he's how'd how'll how's it'd
it'd've it'll somebody'd've somebody'll somebody's someone'd someone'd've someone'll someone's
something'd something'd've something'll that's there'd there'd've there're there's they'd they'd've
they'll they're they've we'd've we've what'll what're what's what've when's where'd where's where've
who'd who'd've who'll who's who've why'll why're why's y'all y'all'll y'all'd've you'd you'd've you'll
you're you've she'd've ma'am o'clock 'ow's'at 'twas
""".split()
# A contraction of which one apostrophe is missing, and what it becomes.
MENDED = {
    word[:index] + word[index + 1 :]: word
    for word in CONTRACTIONS
    for index, sign in enumerate(word)
    if sign == "'"
} | {"somebody'd": "somebodyd"}


def read_gold(answer: str) -> list[str]:
    """The normal forms of the ten gold answers.

    Raises:
        InputError: they are no JSON list of ten texts.
    """
    golds = gold_texts(answer)
    if len(golds) != PEOPLE:
        raise InputError(
            f"the gold answer {answer[:60]!r} has {len(golds)} texts, and VQA accuracy counts the answers of "
            f"{PEOPLE} people; take the grader anls, for which one is enough"
        )
    return [normal_form(gold) for gold in golds]


def grade(completion: str, answer: str) -> Grade:
    """Score the completion by the number of people who gave its answer."""
    stated = normal_form(completion)
    return Grade(min(PEOPLE, 3 * read_gold(answer).count(stated)) / PEOPLE, stated[:200])


def normal_form(text: str) -> str:
    """An answer in lower case, without punctuation and articles, numbers to ten as digits."""
    text = text.lower().replace(",", "").replace("?", "").replace("'s", " 's")
    text = text.strip().replace("\n", " ").replace("\t", " ")
    words = text
    for sign in PUNCTUATION:
        words = words.replace(sign, "" if f"{sign} " in text or f" {sign}" in text else " ")
    words = POINT.sub("", words, count=MOST_POINTS)
    digits = (NUMBERS.get(word, word) for word in words.split())
    return " ".join(MENDED.get(word, word) for word in digits if word not in ARTICLES)
