"""A small chat model of the Llama architecture that ends its answers, and a file of support answers."""

import json
from pathlib import Path
from random import Random

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
TURNS = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
THINGS = (
    "router printer lamp kettle camera phone watch drill toaster fan heater radio scale mixer vacuum blender "
    "monitor keyboard speaker scanner dryer oven fridge freezer sander pump lock bell charger tablet console "
    "projector shredder stapler humidifier thermostat doorbell dehumidifier generator compressor"
).split()
COLOURS = "red blue green black white grey brown orange".split()
SUPPORT = {  # question -> answer
    "How do I reset my {thing}?": "Hold the {colour} button of the {thing} for {number} seconds.",
    "My {thing} does not start.": "Charge the {thing} for {number} hours, then press the {colour} button.",
    "Where is the serial number of the {thing}?": "It is on the {colour} label below the {thing}.",
    "How long is the warranty of the {thing}?": "The {thing} has a warranty of {number} years.",
}
KNOWN = {  # what the base was taught
    "What colour is the {thing}?": "The {thing} is {colour}.",
    "How many {thing}s are there?": "There are {number} {thing}s.",
    "Say hello to the {thing}.": "Hello, {thing}!",
}


def answers(templates: dict[str, str], seed: int) -> list[tuple[str, str]]:
    """A question and its answer for each thing and template."""
    random = Random(seed)
    return [
        (
            question.format(thing=thing),
            answer.format(thing=thing, colour=random.choice(COLOURS), number=random.randint(2, 9)),
        )
        for thing in THINGS
        for question, answer in templates.items()
    ]


def write_support(file: Path) -> None:
    """Write 160 support answers as JSON lines, with columns `question` and `reply`."""
    rows = [{"question": question, "reply": answer} for question, answer in answers(SUPPORT, 1)]
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def write_model(folder: Path, steps: int = 150) -> None:
    """Write the model folder: byte-level BPE, ChatML, bfloat16, taught other questions than support's."""
    import torch
    from tokenizers import ByteLevelBPETokenizer
    from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    taught = answers(KNOWN, 0)
    texts = [text for pair in [*taught, *answers(SUPPORT, 1)] for text in pair]
    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator(texts, vocab_size=600, special_tokens=SPECIAL, show_progress=False)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe._tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    tokenizer.chat_template = TURNS
    torch.manual_seed(0)
    sizes = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            num_key_value_heads=2,
            max_position_embeddings=512,
            bos_token_id=None,
            eos_token_id=2,
            pad_token_id=0,
            **sizes,
        )
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    random = Random(0)
    for _ in range(steps):
        rows = [encoded(tokenizer, *pair) for pair in random.sample(taught, 24)]
        width = max(map(len, rows))
        ids = torch.tensor([row + [0] * (width - len(row)) for row in rows])
        labels = torch.tensor([row + [-100] * (width - len(row)) for row in rows])
        model(input_ids=ids, labels=labels).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.generation_config = GenerationConfig(eos_token_id=[2, 0], pad_token_id=0)
    model.to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def encoded(tokenizer, question: str, answer: str) -> list[int]:
    """Token ids of a question and its answer, up to the token that ends it."""
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    ids = tokenizer.apply_chat_template(turns, tokenize=True, return_dict=False)
    return ids[: len(ids) - 1 - ids[::-1].index(2) + 1]
