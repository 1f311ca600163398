"""Hostile completions: texts that a grader could break on, and none of which holds an answer.

Towers of exponents, deep nesting, up to a million characters, null bytes, unmatched braces, marks that turn the
direction of text, lone surrogates, bombs for regular expressions, tokens of chat templates, HTML, numbers of a
million digits, runs of blanks, and mixtures.
"""

# ruff: noqa: E501 (formulas)

import random

SIGNS = [
    '{', '}', '[', ']', '(', ')', '\\', '$', '^', '_', '\x00', '\u202e', '\u2066', '\u200f', '\ud800',
    '\udfff', '\ufeff', '\n', '\t', ' ', '*', '`', '~', '"', "'", '<', '>', '|', '/', ',', '.', ':',
    '\uff1a', '\u662f', '\u9009', '\u7b54\u6848\u3011', '\u7b54', '\ufdfa', '\xbd', '\xb2', 'a', '9', '0',
    '!', '%', '#', '-', '+', '=', 'e', 'i', '\u0301', '\U0001f600', 'or ', 'and ', 'not ', 'but ', 'is ',
]  # fmt: skip
PIECES = [
    '\\boxed{', '\\frac{', '\\sqrt{', '\\left(', '\\begin{pmatrix}', '\\text{', '\\{', '\\binom{',
    '\\overline{', '\\cup ', 'answer: ', 'The answer is ', '<answer>', '</answer>', '<think>', '</think>',
    '#### ', '```json\n', '```\n', 'Option ', '\u7b54\u6848\u662f', '<|im_start|>', '<|im_end|>\n',
    '<|eot_id|>', '[INST]', '</s>', '<start_of_turn>user\n', '<\uff5cend\u2581of\u2581sentence\uff5c>',
    '{{', '{%', '<script>alert(1)</script>', '<img src=x onerror=alert(1)>', '</script>',
    '<svg onload=alert(1)>', 'javascript:alert(1)', '<!--', 'aaaaaaaa!', 'a@a.a', '<<', '>>', '* ', '*a*',
    '[a]', 'P.S', '...', ' - ', '\\\\', '{,}', '1,000', '2/3', '10^', '9^{9', 'x^', '!!', '{"a":', '[[',
    '"\\u0000', 'null', '1e999', 'NaN', 'A. ', '(B) ', 'A or ', '= ', '\\le ', 'I pick ', 'so ', '1 2/3 ',
    '5 ft ',
]  # fmt: skip
BRACKETS = [
    ('{', '}'), ('[', ']'), ('(', ')'), ('\\frac{1}{', '}'), ('\\sqrt{', '}'), ('{"a":', '}'),
    ('[[', ']]'), ('<b>', '</b>'), ('9^{', '}'), ('\\boxed{', '}'), ('x^{2', '}'), ('<think>', '</think>'),
    ('((1+', ')'), ('\\text{', '}'), ('(1/', ')'),
]  # fmt: skip
LONGEST = (50, 500, 5_000, 30_000, 100_000, 1_000_000)
OFTEN = (30, 30, 20, 12, 6, 2)


def completion(rng: random.Random) -> str:
    """A hostile text; equal states of the generator give equal texts."""
    length = rng.choices(LONGEST, OFTEN)[0]
    text = rng.choice(KINDS)(rng, length)[:length]
    if rng.random() < 0.3:  # a marker makes graders read it
        text = rng.choice(["answer: ", "The answer is ", r"\boxed{", "#### ", "<answer>"]) + text
    if rng.random() < 0.1:
        text += rng.choice(["}", "\n", "</answer>", "$", "\0", "."])
    return text[:1_000_000]


def _repeated(rng: random.Random, length: int) -> str:
    piece = "".join(rng.choices(SIGNS + PIECES, k=rng.randint(1, 3)))
    return piece * (length // len(piece) + 1)


def _nested(rng: random.Random, length: int) -> str:
    begin, end = rng.choice(BRACKETS)
    deep = max(1, length // (len(begin) + len(end)))
    closed = deep if rng.random() < 0.5 else rng.randint(0, deep)
    return begin * deep + "1" + end * closed


def _tower(rng: random.Random, length: int) -> str:
    base, sign = rng.choice("9x1e"), rng.choice(["^", "**", "^{", "!", "^-", "^x^", "*10^", r" \times 10^{"])
    return base + (sign + rng.choice("9912")) * min(length // 2, rng.choice([3, 5, 20, 200, 10_000, 500_000]))


def _digits(rng: random.Random, length: int) -> str:
    digit = rng.choice(["9", "1", "0", "10", "٣", "９", "9,", "1.", "-9 ", "9 9/", "1e9", "999 999 ", "0.0"])
    return rng.choice(["", "-", r"\boxed{", "$", "1/", "0."]) + digit * length


def _mixed(rng: random.Random, length: int) -> str:
    parts = rng.choices(SIGNS + PIECES, k=min(length // 2 + 1, 2_000))
    return "".join(parts) * (length // 10_000 + 1)


def _spaced(rng: random.Random, length: int) -> str:
    """A few pieces with runs of blanks between them, as a model writes that does not end."""
    pieces = rng.choices([*SIGNS, *PIECES, "12", "x 7", "or", "maybe", "not 5"], k=rng.randint(1, 5))
    blank = rng.choice([" ", "\n", "\t", " \n", "\u00a0", "\u3000", " \u200b", "~", "\\ ", "&nbsp;"])
    return (blank * (length // len(pieces) // len(blank) + 1)).join(["", *pieces])


def _unicode(rng: random.Random, length: int) -> str:
    ranges = [
        (0, 0x250),
        (0x590, 0x700),
        (0x2000, 0x2070),
        (0xD800, 0xDFFF),
        (0x4E00, 0x4E50),
        (0x1F600, 0x1F640),
        (0xFDD0, 0xFE10),
    ]
    first, last = rng.choice(ranges)
    block = "".join(chr(rng.randint(first, last)) for _ in range(min(length, 500)))
    return block * (length // 500 + 1)


def _algebra(rng: random.Random, length: int) -> str:
    """Short formulas, of the kinds that make a computer algebra system work."""
    n = rng.choice([3, 50, 500, 9999, 10**6, 10**9])
    return rng.choice(
        [
            rf"\sum_{{k=1}}^{{{n}}} k^k", rf"(a+b+c+d)^{{{n}}}", r"\int_0^1 x^{x^{x^x}} dx", rf"\binom{{{n}}}{{{n // 2}}}",
            rf"\prod_{{k=1}}^{{{n}}} (x-k)", rf"\sqrt[{n}]{{{n}!}}", rf"\lim_{{x \to 0}} \frac{{\sin {n}x}}{{x^{{{n}}}}}",
            "+".join(f"x^{{{i}}}" for i in range(min(n, 90))), "\\sin(" * 15 + "x" + ")" * 15, rf"\{{1, \ldots, {n}\}}",
            rf"x^{{{n}}}-1=0", rf"[1,{n}] \cup " * 30 + "(0,1)", r"\begin{pmatrix}" + r"1&2\\" * 50 + r"\end{pmatrix}",
            ",".join(map(str, range(120))), rf"\frac{{1}}{{{n}}}+" * 40 + "1", rf"{n}!!", rf"\log_{{{n}}} {n}^{{{n}}}", "|" * 60 + "x",
        ]
    )  # fmt: skip


KINDS = [_repeated, _repeated, _nested, _tower, _digits, _mixed, _mixed, _spaced, _unicode, _algebra]
