"""What the hub holds is made a model folder; what it refuses is one line with a remedy."""

import http.server
import json
import threading

import pytest

COMMIT = "a" * 40
FILES = {"config.json": b"{}", "model.safetensors": b"weights", "pytorch_model.bin": b"pickle"}


class Hub(http.server.BaseHTTPRequestHandler):
    """As much of the hub's interface as a download needs, for one model and one gated model."""

    def do_GET(self):
        self.answer(body=True)

    def do_HEAD(self):
        self.answer(body=False)

    def answer(self, body):
        path = self.path.partition("?")[0]
        if "gated" in path:
            return self.reply(403, b"{}", {"X-Error-Code": "GatedRepo"}, body)
        if "missing" in path:
            return self.reply(404, b"{}", {"X-Error-Code": "RepoNotFound"}, body)
        if "/tree/" in path:
            files = [
                {"type": "file", "path": name, "size": len(data), "oid": "0" * 40}
                for name, data in FILES.items()
            ]
            return self.reply(200, json.dumps(files).encode(), {}, body)
        if path.startswith("/api/models/"):
            found = {
                "id": "owner/model",
                "sha": COMMIT,
                "siblings": [{"rfilename": name} for name in FILES],
            }
            return self.reply(200, json.dumps(found).encode(), {}, body)
        data = FILES[path.rpartition("/")[2]]
        return self.reply(200, data, {"X-Repo-Commit": COMMIT, "ETag": f'"{len(data)}"'}, body)

    def reply(self, status, data, headers, body):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if body:
            self.wfile.write(data)

    def log_message(self, *details):
        pass


@pytest.fixture
def hub(monkeypatch, tmp_path):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.delenv("HTTP_PROXY", raising=False)
    yield
    server.shutdown()


def test_a_model_folder_without_other_formats(hub, own_process, tmp_path):
    done = own_process(
        "download", "--repo", "owner/model", "--revision", COMMIT, "--output", "models/hub/model"
    )
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "models" / "hub" / "model"
    assert sorted(file.name for file in folder.iterdir()) == [
        *("config.json", "model.safetensors", "weights.json")
    ]
    assert (folder / "model.safetensors").read_bytes() == b"weights"


@pytest.mark.parametrize(
    ("repo", "words"),
    [
        ("owner/gated", ["owner/gated", "accept the terms", "hf auth login"]),
        ("owner/missing", ["owner/missing", "no such model", "downloads"]),
    ],
)
def test_a_refusal_is_one_line(hub, own_process, tmp_path, repo, words):
    done = own_process("download", "--repo", repo, "--revision", COMMIT, "--output", "out")
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert all(word in done.stderr for word in words), done.stderr
    assert not (tmp_path / "out").exists()
