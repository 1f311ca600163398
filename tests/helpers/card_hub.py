"""A server in the place of the hub's check of cards, `POST /api/validate-yaml`, with its public rules.

The rules come from the specification of the metadata (github.com/huggingface/hub-docs, `modelcard.md`), the
hub's answer to an unknown licence, which lists those that it knows (issue 4218 of huggingface_hub), and
reports of rejected cards: a `base_model` that is a local path, an empty entry of `datasets` (issue 13528 of
transformers). That `license: other` needs a `license_name` is the documentation's advice. The hub may check
more.
"""

import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import yaml
from huggingface_hub import set_client_factory
from huggingface_hub.repocard import REGEX_YAML_BLOCK
from huggingface_hub.utils._http import default_client_factory

LICENCES = """
apache-2.0 mit openrail bigscience-openrail-m creativeml-openrail-m bigscience-bloom-rail-1.0
bigcode-openrail-m afl-3.0 artistic-2.0 bsl-1.0 bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear
c-uda cc cc0-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0
cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0
cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cdla-sharing-1.0 cdla-permissive-1.0 cdla-permissive-2.0 wtfpl
ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1 eupl-1.2 agpl-3.0 gfdl gpl gpl-2.0 gpl-3.0 lgpl lgpl-2.1
lgpl-3.0 isc h-research intel-research lppl-1.3c ms-pl apple-ascl apple-amlr mpl-2.0 odc-by odbl
openmdw-1.0 openrail++ osl-3.0 postgresql ofl-1.1 ncsa unlicense zlib pddl lgpl-lr
deepfloyd-if-license fair-noncommercial-research-license llama2 llama3 llama3.1 llama3.2 llama3.3
llama4 grok2-community gemma unknown other
""".split()
REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
RESULT = [("task", "type"), ("dataset", "type"), ("dataset", "name")]


def as_list(value) -> list:
    return value if isinstance(value, list) else [] if value is None else [value]


def errors(content: str) -> list[str]:
    """What is wrong with a model card, a line each."""
    block = REGEX_YAML_BLOCK.search(content)
    if block is None:
        return ["no YAML block"]
    try:
        data = yaml.safe_load(block[2])
    except yaml.YAMLError:
        return ["invalid YAML"]
    if not isinstance(data, dict):
        return ["the YAML block is no mapping"]
    found = []
    for licence in as_list(data.get("license")):
        if licence not in LICENCES:
            found.append(f'"license" must be one of [{", ".join(LICENCES)}]')
    if data.get("license") == "other" and not data.get("license_name"):
        found.append('"license_name" is needed with "license: other"')
    for key in ("base_model", "datasets"):
        for value in as_list(data.get(key)):
            if not isinstance(value, str) or not REPOSITORY.fullmatch(value):
                found.append(f'"{key}" with value "{value}" is not valid')
    for code in as_list(data.get("language")):
        if not re.fullmatch(r"[a-z]{2,3}|code|multilingual", str(code)):
            found.append(f'"language" must be ISO 639 codes, not "{code}"')
    found += [
        f'"tags" must hold text, not {tag!r}' for tag in as_list(data.get("tags")) if type(tag) is not str
    ]
    return found + index_errors(data.get("model-index"))


def index_errors(index) -> list[str]:
    """What is wrong with `model-index`: the keys that its specification calls required."""
    if index is None:
        return []
    if not isinstance(index, list):
        return ['"model-index" must be a list']
    found = []
    for number, model in enumerate(index):
        place = f"model-index[{number}]"
        if not isinstance(model.get("name"), str):
            found.append(f'"{place}.name" is required')
        if not isinstance(model.get("results"), list):
            found.append(f'"{place}.results" must be a list')
            continue
        for position, result in enumerate(model["results"]):
            own = f"{place}.results[{position}]"
            for part, key in RESULT:
                if not isinstance(result.get(part, {}).get(key), str):
                    found.append(f'"{own}.{part}.{key}" is required')
            if not result.get("metrics"):
                found.append(f'"{own}.metrics" is required')
            for metric in result.get("metrics", []):
                if not isinstance(metric.get("type"), str) or "value" not in metric:
                    found.append(f'"{own}.metrics" need type and value')
    return found


class _Here(httpx.BaseTransport):
    """Sends every request to the local server."""

    def __init__(self, port: int):
        self.port, self.transport = port, httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert str(request.url) == "https://huggingface.co/api/validate-yaml"
        request.url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self.port)
        return self.transport.handle_request(request)


@contextmanager
def serve():
    """Let huggingface_hub talk to the server; gives the list of the bodies that were posted."""
    posted = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            posted.append(body)
            found = errors(body["content"]) if body["repoType"] == "model" else ["no model"]
            answer = "\n".join(found).encode()
            self.send_response(400 if found else 200)
            self.send_header("Content-Type", self.headers["Accept"])
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    set_client_factory(lambda: httpx.Client(transport=_Here(server.server_port)))
    try:
        yield posted
    finally:
        set_client_factory(default_client_factory)
        server.shutdown()
        server.server_close()
