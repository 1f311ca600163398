"""Body of a process of the row `harvest`: `python _harvest_side.py product|peer LONGEST FOLDER ...`.

Prints the token ids that it generated, greedily, after the prompts of the checkpoints named: `product`
for all of them in turn, through the completion cache; `peer` for one, with transformers alone.
"""

import json
import sys
import tempfile
from pathlib import Path

FOLDERS = [Path(folder) for folder in sys.argv[3:]]
LONGEST = int(sys.argv[2])


def product() -> list[list[int]]:
    """Rows of all checkpoints with one start of the engine."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "workflow" / "scripts"))
    from tms.generation.engines.create import create_engine
    from tms.generation.generate import Request, generate_missing, open_model
    from tms.generation.sampling import Sampling
    from tms.io.cli import same_kernels

    same_kernels()
    sampling = Sampling(temperature=0, max_new_tokens=LONGEST)
    requests = [
        Request(open_model(folder), sampling, 0, json.loads((folder / "rows.json").read_text()), "harvest")
        for folder in FOLDERS
    ]
    with tempfile.TemporaryDirectory() as cache:
        done = generate_missing(requests, create_engine("transformers", threads=1), Path(cache))
    return [row["completion_ids"] for row in done]


def peer() -> list[list[int]]:
    """Rows of one checkpoint."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    (folder,) = FOLDERS
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
    chats = [
        [{"role": "user", "content": row["prompt"]}] for row in json.loads((folder / "rows.json").read_text())
    ]
    words = {"add_generation_prompt": True, "return_dict": True, "return_tensors": "pt", "padding": True}
    inputs = tokenizer.apply_chat_template(chats, **words)
    with torch.inference_mode():
        ids = model.generate(**inputs, do_sample=False, max_new_tokens=LONGEST)[
            :, inputs["input_ids"].shape[1] :
        ]
    end = model.generation_config.eos_token_id
    return [row[: row.index(end) + 1] if end in row else row for row in ids.tolist()]


if __name__ == "__main__":
    print(json.dumps({"product": product, "peer": peer}[sys.argv[1]]()))
