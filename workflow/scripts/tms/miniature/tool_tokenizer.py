"""Tokenizer of the miniature that calls tools: byte pairs, each digit a token, turns in Qwen2.5's form."""

from itertools import islice

from tokenizers import pre_tokenizers
from transformers import PreTrainedTokenizerFast

from tms.miniature.byte_pairs import learn
from tms.miniature.tool_corpus import ToolCorpus
from tms.tool_use import calls

CONVERSATIONS = 10_000  # of which the merges are learnt
# Known to the tokenizer, but text of a completion.
TAGS = [calls.OPEN, calls.CLOSE, "<tool_response>", "</tool_response>"]
# Qwen2.5's chat template, but that tools are listed by name, names of arguments and description, and no
# system prompt is there by itself.
TEMPLATE = """\
{%- set system = messages[0].content if messages[0].role == 'system' else '' %}
{%- if system or tools %}
    {{- '<|im_start|>system\\n' + system }}
    {%- if tools %}
        {{- '\\n\\n' if system else '' }}
        {{- 'Tools:' }}
        {%- for tool in tools %}
            {%- set arguments = tool.function.parameters.properties | join(', ') %}
            {%- set description = tool.function.description | default('') %}
            {{- '\\n' + tool.function.name + '(' + arguments + '): ' + description }}
        {%- endfor %}
    {%- endif %}
    {{- '<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {%- if message.role == 'tool' %}
        {%- if loop.first or messages[loop.index0 - 1].role != 'tool' %}
            {{- '<|im_start|>user' }}
        {%- endif %}
        {{- '\\n<tool_response>\\n' + message.content + '\\n</tool_response>' }}
        {%- if loop.last or messages[loop.index0 + 1].role != 'tool' %}
            {{- '<|im_end|>\\n' }}
        {%- endif %}
    {%- elif not (loop.first and message.role == 'system') %}
        {{- '<|im_start|>' + message.role }}
        {%- if message.content or not message.tool_calls %}
            {{- '\\n' + message.content }}
        {%- endif %}
        {%- for call in message.tool_calls or [] %}
            {{- '\\n<tool_call>\\n{"name": ' + call.function.name | tojson }}
            {{- ', "arguments": ' + call.function.arguments | tojson + '}\\n</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""


def build_tokenizer(corpus: ToolCorpus) -> PreTrainedTokenizerFast:
    """Learn the tokenizer from its own corpus, chat template included."""
    conversations = islice(corpus.turns("tokenizer"), CONVERSATIONS)
    digits = pre_tokenizers.Digits(individual_digits=True)
    return learn(conversations, TEMPLATE, digits, tags=TAGS)
