"""Compare a harvest of T checkpoints with generating the same rows from one checkpoint.

Both go through tms.generation with an empty completion cache and one engine start: prompts and limits are
those of the miniature, the checkpoints are randomly initialised models of its size. Prints wall and processor
seconds (other programs on the machine disturb the latter less) and their ratios for the same tokens, which
have to stay below 2.

Usage, from the repository's root: python benchmarks/harvest.py [--engine transformers] [--threads 2]
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

from tms.generation.engines.create import create_engine
from tms.generation.engines.interface import ENGINES
from tms.generation.generate import Request, generate_missing, open_model
from tms.generation.sampling import Sampling
from tms.model_folder.digest import write_digest

VOCABULARY = 373
ENDS = list(
    range(1, 10)
)  # of 373: a random model then ends a row after about 40 tokens, as the miniature does


def make_checkpoint(folder: Path, seed: int) -> None:
    """Save a model of the miniature's size with a tokenizer of words w0, w1, ..."""
    words = Tokenizer(
        models.WordLevel({f"w{number}": number for number in range(VOCABULARY)}, unk_token="w0")
    )
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, pad_token="w0", eos_token="w1")
    tokenizer.chat_template = "{{ messages[0]['content'] }}"
    tokenizer.save_pretrained(folder)
    torch.manual_seed(seed)
    config = Qwen2Config(
        vocab_size=VOCABULARY,
        hidden_size=128,
        intermediate_size=384,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=4,
        tie_word_embeddings=True,
        max_position_embeddings=256,
    )
    model = Qwen2ForCausalLM(config)
    model.generation_config.eos_token_id, model.generation_config.pad_token_id = ENDS, 0
    model.save_pretrained(folder)
    write_digest(folder)


def measure(name: str, folders: list[Path], prompts: list[str], engine, store: Path) -> tuple[float, float]:
    """Generate each prompt once, spread over the folders.

    Prints a line of the table and returns wall and processor seconds a token.
    """
    wanted = [{"example_id": str(n), "prompt": prompt, "sample": 0} for n, prompt in enumerate(prompts)]
    sampling = Sampling(max_new_tokens=96)
    requests = [
        Request(open_model(folder), sampling, 0, wanted[place :: len(folders)], name)
        for place, folder in enumerate(folders)
    ]
    started, processor = time.perf_counter(), time.process_time()
    done = generate_missing(requests, engine, store)
    seconds, processor = time.perf_counter() - started, time.process_time() - processor
    tokens = sum(len(row["completion_ids"]) for row in done)
    print(
        f"| {name} | {len(done)} | {tokens} | {seconds:.1f} | {processor:.1f} | {tokens / seconds:.0f} "
        f"| {tokens / processor:.0f} |"
    )
    return seconds / tokens, processor / tokens


def main() -> None:
    """Run both and print the table."""
    flags = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    flags.add_argument("--engine", choices=ENGINES, default="transformers", help="program that generates")
    flags.add_argument("--threads", type=int, default=2, help="CPU threads")
    flags.add_argument("--checkpoints", type=int, default=10, help="T")
    flags.add_argument(
        "--rows", type=int, default=3000, help="rows in all; the miniature's plan has about 2,900"
    )
    args = flags.parse_args()
    torch.set_num_threads(args.threads)
    draw = random.Random(0)
    prompts = [
        " ".join(f"w{draw.randrange(10, VOCABULARY)}" for _ in range(draw.randint(18, 28)))
        for _ in range(args.rows)
    ]
    with tempfile.TemporaryDirectory() as place:
        folders = [Path(place, f"checkpoint-{seed}") for seed in range(args.checkpoints + 1)]
        for seed, folder in enumerate(folders):
            make_checkpoint(folder, seed)
        engine = create_engine(args.engine)
        # Starts the engine and warms it up; the timed parts have other weights, so other rows.
        measure("warm-up", folders[-1:], prompts[:256], engine, Path(place, "rows"))
        print("| harvest | rows | tokens | wall s | processor s | tokens/s | tokens/processor s |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        one = measure("1 checkpoint", folders[:1], prompts, engine, Path(place, "one"))
        name = f"{args.checkpoints} checkpoints"
        many = measure(name, folders[: args.checkpoints], prompts, engine, Path(place, "many"))
    wall, processor = (several / single for several, single in zip(many, one, strict=True))
    print(f"\nFor the same tokens: {wall:.2f} times the wall time, {processor:.2f} times the processor time")


if __name__ == "__main__":
    main()
