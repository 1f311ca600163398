"""llama.cpp as the reference of a converted model: its server in this process, and GGUF files for it."""

import json
import urllib.request
from pathlib import Path

import numpy as np


class Server:
    """A model file in llama.cpp's server, on one thread, with keys and values in float32."""

    def __init__(self, file: Path, slots: int = 1, context: int = 512):
        """Load it.

        Args:
            file: GGUF.
            slots: texts that are worked on at once.
            context: tokens of each.
        """
        import xllamacpp as llama

        params = llama.CommonParams()
        params.model.path = str(file)
        params.n_parallel, params.n_ctx = slots, slots * context
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = params.n_threads_http = 1
        params.cache_type_k = params.cache_type_v = llama.ggml_type.GGML_TYPE_F32
        params.flash_attn_type = llama.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.warmup, params.verbosity = False, -1
        self.server = llama.Server(params)

    def _post(self, path: str, body: dict):
        request = urllib.request.Request(
            f"{self.server.listening_address}/{path}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            return json.load(answer)

    def token_ids(self, text: str, special: bool = False) -> list[int]:
        """Token ids of a text; `special`: whether the names of special tokens in it are these."""
        body = {"content": text, "add_special": False, "parse_special": special}
        return self._post("tokenize", body)["tokens"]

    def greedy(self, prompts: list[list[int]], count: int) -> list[list[int]]:
        """The most likely tokens after each prompt, at most so many."""
        body = {
            "prompt": prompts,
            "n_predict": count,
            "return_tokens": True,
            "samplers": ["top_k"],
            "top_k": 1,
        }
        return [answer["tokens"] for answer in self._post("completion", body)]

    def log_probs(self, ids: list[int]) -> list[float]:
        """Log-probability of each token after the first: it is forced, and the server tells what it had."""
        found = []
        for place in range(1, len(ids)):
            body = {"prompt": ids[:place], "n_predict": 1, "n_probs": 1, "samplers": ["top_k"], "top_k": 1}
            (token,) = self._post("completion", body | {"logit_bias": [[ids[place], 1e6]]})[
                "completion_probabilities"
            ]
            assert token["id"] == ids[place]
            found.append(token["logprob"])
        return found


def permuted(weight: np.ndarray, heads: int) -> np.ndarray:
    """Rows of a q or k projection in llama.cpp's order: `LlamaModel.permute` of its convert_hf_to_gguf.py."""
    shape = weight.shape
    return weight.reshape(heads, 2, shape[0] // heads // 2, *shape[1:]).swapaxes(1, 2).reshape(shape)


def write_float32(source: Path, weights: dict[str, np.ndarray], target: Path) -> None:
    """Write a GGUF file with the metadata of another, and its tensors in float32 from a model's weights.

    Args:
        source: GGUF of the same model.
        weights: name in transformers -> float32 weight.
        target: file to write.
    """
    import gguf

    from tms.wheels.gguf_weights import model_name

    reader = gguf.GGUFReader(source)
    heads = {
        "attn_q": int(reader.fields["llama.attention.head_count"].contents()),
        "attn_k": int(reader.fields["llama.attention.head_count_kv"].contents()),
    }
    writer = gguf.GGUFWriter(target, "llama")
    for name, field in reader.fields.items():
        if not name.startswith("GGUF.") and name != "general.architecture":
            inner = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
            writer.add_key_value(name, field.contents(), field.types[0], sub_type=inner)
    for tensor in reader.tensors:
        weight = weights[model_name(tensor.name)]
        part = tensor.name.split(".")[-2]
        writer.add_tensor(tensor.name, permuted(weight, heads[part]) if part in heads else weight)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
