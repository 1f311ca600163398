"""A row store of made-up rows."""

import hashlib
from pathlib import Path
from random import Random

WEIGHTS = "0123456789abcdef" * 4
WORDS = "start at 7 then add 5 then double then take 3 then add"  # of a prompt, about as long as `chain`'s
VOCABULARY, SHORTEST, LONGEST = 1500, 20, 140  # of completions, in tokens
MINIATURE = Path(__file__).resolve().parents[3] / "workflow" / "resources" / "miniature" / "base"


def key(number: int) -> str:
    """Key of a row."""
    return hashlib.sha256(str(number).encode()).hexdigest()


def write_rows(folder: Path, rows: int) -> None:
    """Rows as jobs store them, merged into one segment."""
    from tms.generation.cache import CompletionCache, Row

    draw = Random(0)
    with CompletionCache(folder, WEIGHTS) as store:
        for number in range(rows):
            ids = draw.choices(range(VOCABULARY), k=draw.randint(SHORTEST, LONGEST))
            store.add([Row(key(number), ids, "stop", draw.random())])


def write_stage(folder: Path, rows: int) -> None:
    """Examples of a benchmark, and their completions by the miniature, stored."""
    from tms.generation.engines.interface import Finished
    from tms.generation.engines.transformers_engine import TransformersEngine
    from tms.generation.generate import Request, generate_missing, open_model
    from tms.generation.sampling import Sampling
    from tms.io import parquet

    class Drawn(TransformersEngine):
        """Its name and version are the engine's, so the stage finds the rows; the text is drawn."""

        def load(self, folder: Path, room: int, images=None) -> None:
            """No model is needed."""

        def generate(self, prompts, sampling, end_token_ids, on_rows) -> None:
            """Give each row other tokens."""
            draw = Random(0)
            on_rows(
                [
                    Finished(index, draw.choices(range(VOCABULARY), k=LONGEST), "stop", 0.1)
                    for index in range(len(prompts))
                ]
            )

    examples = [
        {"example_id": f"e{number}", "context": "", "prompt": f"{WORDS} {number}", "answer": str(number)}
        for number in range(rows)
    ]
    parquet.write(folder / "test.parquet", parquet.EXAMPLES, examples, {})
    wanted = [{**example, "sample": 0} for example in examples]
    request = Request(open_model(MINIATURE), Sampling(max_new_tokens=LONGEST), 0, wanted, "stored")
    generate_missing([request], Drawn(), folder / "rows")
