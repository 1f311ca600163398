"""Tokenizer of the miniature: one token a word or a number, lossless on any ASCII text."""

import re
import string

from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from tms.miniature import corpus

PAD, UNKNOWN, USER, ASSISTANT, END = "<|pad|>", "<|unk|>", "<|user|>", "<|assistant|>", "<|end|>"
SPECIAL = [PAD, UNKNOWN, USER, ASSISTANT, END]
LARGEST_NUMBER = 99  # numbers up to this are one token each
SPACE = "\u2581"  # stands for the space before a token
TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def build_tokenizer(tasks: dict) -> PreTrainedTokenizerFast:
    """Make the tokenizer of the miniature, chat template included.

    Words of the corpus are one token each, preceding space included; any other text falls apart
    into known words and single characters, so that `decode(encode(x)) == x` for all ASCII text.

    Args:
        tasks: name -> {kind, options}, as for `corpus.Corpus`.
    """
    words = sorted({word for text in corpus.texts(tasks) for word in re.findall(r"\S+", text)} - _numbers())
    vocabulary = [*SPECIAL, SPACE, *map(chr, range(32)), *string.printable[:95]]
    vocabulary += [SPACE + token for token in [*sorted(_numbers(), key=int), *words]]
    ids = {token: index for index, token in enumerate(dict.fromkeys(vocabulary))}
    # WordPiece without a prefix for continuations is greedy longest match.
    model = models.WordPiece(
        ids, unk_token=UNKNOWN, continuing_subword_prefix="", max_input_chars_per_word=10_000
    )
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=SPACE, prepend_scheme="always", split=True)
    tokenizer.decoder = decoders.Metaspace(replacement=SPACE, prepend_scheme="always", split=True)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        unk_token=UNKNOWN,
        eos_token=END,
        additional_special_tokens=[USER, ASSISTANT],
        chat_template=TEMPLATE,
        clean_up_tokenization_spaces=False,
        model_max_length=512,
        padding_side="left",
    )


def _numbers() -> set[str]:
    return {str(number) for number in range(LARGEST_NUMBER + 1)}
