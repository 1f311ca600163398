"""Tokenizer of a GGUF file: byte-level BPE that splits numbers into digits, with its chat template."""

from tms.io.errors import InputError

SPECIAL, ADDED = 3, 4  # types of tokens in the file: never made of text, and found in text before any merge
# Pre-tokenizers by llama.cpp's name that this module makes.
DIGITS = "smollm"


def build_tokenizer(values: dict, context: int):
    """Make the tokenizer of a GGUF file's metadata, as `transformers.PreTrainedTokenizerFast`.

    Numbers are split into digits before the words are, as SmolLM2's own tokenizer.json does.

    Args:
        values: key of the metadata -> value.
        context: positions of the model.

    Raises:
        InputError: a tokenizer of another kind, or without a chat template.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    kind = (values.get("tokenizer.ggml.model"), values.get("tokenizer.ggml.pre"))
    if kind != ("gpt2", DIGITS):
        raise InputError(
            f"tokenizer {'/'.join(map(str, kind))}: only gpt2/{DIGITS} (byte-level BPE, digits one by one) "
            f"is read; name another file"
        )
    if "tokenizer.chat_template" not in values:
        raise InputError("no chat template in the file; name the file of an instruction-tuned model")
    tokens = values["tokenizer.ggml.tokens"]
    merges = [tuple(pair.split(" ")) for pair in values["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(models.BPE({token: index for index, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    types = values["tokenizer.ggml.token_type"]
    for type_, add in ((SPECIAL, tokenizer.add_special_tokens), (ADDED, tokenizer.add_tokens)):
        named_so = [token for token, its in zip(tokens, types, strict=True) if its == type_]
        add([AddedToken(token, special=type_ == SPECIAL, normalized=False) for token in named_so])

    def named(key: str) -> str | None:
        index = values.get(f"tokenizer.ggml.{key}_token_id")
        return None if index is None else tokens[index]

    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=named("bos"),
        eos_token=named("eos"),
        pad_token=named("padding"),
        unk_token=named("unknown"),
        chat_template=values["tokenizer.chat_template"],
        clean_up_tokenization_spaces=False,
        model_max_length=context,
        padding_side="left",
    )
