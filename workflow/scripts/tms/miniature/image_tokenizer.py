"""Tokenizer of the miniature that reads images: byte pairs and single capitals, in Qwen2.5-VL's turns."""

from itertools import islice

from tokenizers import Regex, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from tms.miniature.byte_pairs import learn
from tms.miniature.image_corpus import ImageCorpus

CONVERSATIONS = 4_000  # of which the merges are learnt
VISION_START, VISION_END = "<|vision_start|>", "<|vision_end|>"
IMAGE, VIDEO = "<|image_pad|>", "<|video_pad|>"
# Qwen2.5-VL's chat template, without videos and numbered images; no system prompt is there by itself.
TEMPLATE = """\
{%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\\n' }}
    {%- if message.content is string %}
        {{- message.content }}
    {%- else %}
        {%- for part in message.content %}
            {%- if part.type == 'image' %}
                {{- '<|vision_start|><|image_pad|><|vision_end|>' }}
            {%- else %}
                {{- part.text }}
            {%- endif %}
        {%- endfor %}
    {%- endif %}
    {{- '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""


def build_tokenizer(corpus: ImageCorpus) -> PreTrainedTokenizerFast:
    """Learn the tokenizer from its own corpus, chat template included.

    A letter of a word in a picture is a token, so that words that were never seen can be spelt.
    """
    conversations = (
        ([], [{"role": "user", "content": item.prompt}, {"role": "assistant", "content": item.answer}])
        for item in islice(corpus.items("tokenizer"), CONVERSATIONS)
    )
    capitals = pre_tokenizers.Split(Regex("[A-Z]"), "isolated")
    return learn(conversations, TEMPLATE, capitals, special=[VISION_START, VISION_END, IMAGE, VIDEO])
