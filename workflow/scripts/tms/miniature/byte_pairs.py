"""Byte-pair tokenizers of the miniatures that call tools or see images: lossless on any text."""

from collections.abc import Iterable

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from tokenizers.pre_tokenizers import PreTokenizer
from transformers import PreTrainedTokenizerFast

PAD, START, END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
LARGEST_VOCABULARY = 2048  # never reached: merges end where every word is one token


def learn(
    conversations: Iterable[tuple[list[dict], list[dict]]],
    template: str,
    apart: PreTokenizer,
    special: Iterable[str] = (),
    tags: Iterable[str] = (),
) -> PreTrainedTokenizerFast:
    """Learn a tokenizer whose turns have Qwen2.5's form.

    Args:
        conversations: the tools, empty where there are none, and the messages of each.
        template: chat template.
        apart: takes characters out that are a token each.
        special: further tokens that no text of a completion holds.
        tags: tokens that are text of a completion.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [apart, pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    special = [START, *special]
    trainer = trainers.BpeTrainer(
        vocab_size=LARGEST_VOCABULARY,
        special_tokens=[PAD, START, END, *special[1:]],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    plain = _wrapped(tokenizer, template, special)
    texts = (
        plain.apply_chat_template(messages, tools=tools or None, tokenize=False)
        for tools, messages in conversations
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_tokens([AddedToken(tag, special=False, normalized=False) for tag in tags])
    return _wrapped(tokenizer, template, special)


def _wrapped(tokenizer: Tokenizer, template: str, special: list[str]) -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=END,
        additional_special_tokens=special,
        chat_template=template,
        clean_up_tokenization_spaces=False,
        model_max_length=512,
        padding_side="left",
    )
