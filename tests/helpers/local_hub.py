"""A server in the Hugging Face hub's place: it serves folders as data sets at one revision, or refuses."""

import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit


class LocalHub:
    """What the server answers; `requests` are the paths that were asked for.

    Attributes:
        folders: data set id -> folder and the one revision that it has.
        access: repository id -> error code with which its access is denied, "" where it is granted.
        refusal: status and the hub's error code for every request, None to serve.
    """

    def __init__(self):
        self.folders: dict[str, tuple[Path, str]] = {}
        self.access: dict[str, str] = {}
        self.refusal: tuple[int, str] | None = None
        self.requests: list[str] = []

    def answer(self, path: str) -> tuple[int, dict, bytes]:
        """Status, headers and body for a request's path."""
        self.requests.append(path)
        if self.refusal:
            return self.refusal[0], {"X-Error-Code": self.refusal[1]}, b""
        words = [unquote(word) for word in urlsplit(path).path.strip("/").split("/")]
        api = words[0] == "api"
        words = words[1:] if api else words
        if api and words[-1] == "auth-check":
            denied = self.access.get("/".join(words[1:3]), "RepoNotFound")
            return (403, {"X-Error-Code": denied}, b"") if denied else (200, {}, b"")
        if words[0] != "datasets" or "/".join(words[1:3]) not in self.folders:
            return 404, {"X-Error-Code": "RepoNotFound"}, b""
        folder, revision = self.folders["/".join(words[1:3])]
        what, asked, rest = words[3], words[4], words[5:]
        if asked != revision:
            return 404, {"X-Error-Code": "RevisionNotFound"}, b""
        if api:
            found = {"id": "/".join(words[1:3]), "sha": revision, "siblings": []}
            if what in ("tree", "paths-info"):
                found = [self._entry(folder, file) for file in sorted(folder.rglob("*"))]
            return 200, {"Content-Type": "application/json"}, json.dumps(found).encode()
        file = folder.joinpath(*rest)
        if not file.is_file():
            return 404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": revision}, b""
        body = file.read_bytes()
        return 200, {"ETag": f'"{hashlib.sha1(body).hexdigest()}"', "X-Repo-Commit": revision}, body

    @staticmethod
    def _entry(folder: Path, file: Path) -> dict:
        name = str(file.relative_to(folder))
        if file.is_dir():
            return {
                "type": "directory",
                "oid": hashlib.sha1(name.encode()).hexdigest(),
                "size": 0,
                "path": name,
            }
        body = file.read_bytes()
        return {"type": "file", "oid": hashlib.sha1(body).hexdigest(), "size": len(body), "path": name}


@contextmanager
def serve():
    """Run a `LocalHub`; gives it and its address."""
    hub = LocalHub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, headers, body = hub.answer(self.path)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_POST = do_GET

        def log_message(self, *words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hub, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
