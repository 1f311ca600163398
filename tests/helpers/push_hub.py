"""A server in the hub's place that takes uploads: repositories, and the files of their commits."""

import base64
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "1" * 40


class PushHub:
    """State of the server.

    Attributes:
        repositories: id -> whether it is private.
        files: id -> path -> contents.
        refusals: first words of a request, e.g. `POST /api/repos/create` -> status with which it is refused.
    """

    def __init__(self):
        self.repositories: dict[str, bool] = {}
        self.files: dict[str, dict[str, bytes]] = {}
        self.refusals: dict[str, int] = {}

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, dict]:
        """Status and JSON for a request."""
        for words, status in self.refusals.items():
            if f"{method} {path}".startswith(words):
                return status, {"error": "not today"}
        if path == "/api/repos/create":
            asked = json.loads(body)
            name = f"{asked['organization']}/{asked['name']}"
            self.repositories[name] = asked.get("visibility") == "private" or asked.get("private", False)
            self.files[name] = {}
            return 200, {"url": f"https://huggingface.co/{name}", "id": name}
        if path == "/api/validate-yaml":
            return 200, {"errors": [], "warnings": []}
        name = "/".join(path.split("/")[3:5])
        if name not in self.repositories:
            return 404, {"error": "Repository not found"}
        if "/preupload/" in path:
            asked = json.loads(body)["files"]
            return 200, {
                "files": [
                    {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False} for file in asked
                ]
            }
        if "/commit/" in path:
            for line in body.decode().splitlines():
                part = json.loads(line)
                if part["key"] == "file":
                    self.files[name][part["value"]["path"]] = base64.b64decode(part["value"]["content"])
            return 200, {
                "commitUrl": f"https://huggingface.co/{name}/commit/{COMMIT}",
                "commitOid": COMMIT,
            }
        return 200, {"id": name, "sha": "0" * 40, "siblings": [], "private": self.repositories[name]}


@contextmanager
def serve():
    """Run a `PushHub`; gives it and its address."""
    hub = PushHub()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.headers.get("Transfer-Encoding") == "chunked":
                body = b""
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
            status, found = hub.answer(self.command, self.path, body)
            answer = json.dumps(found).encode()
            self.send_response(status)
            if status == 404:
                self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer)

        do_GET = do_HEAD = do_POST

        def log_message(self, *words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield hub, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
