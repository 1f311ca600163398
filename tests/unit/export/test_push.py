"""Upload to a hub: a private repository with the folder's files; every refusal is one line."""

import pytest
from helpers import push_hub

from tms.export.push import check_push, push
from tms.io.errors import InputError


@pytest.fixture
def hub(monkeypatch):
    import huggingface_hub.hf_api as api
    from huggingface_hub import constants

    with push_hub.serve() as (hub, address):
        monkeypatch.setattr(api.constants, "ENDPOINT", address)
        monkeypatch.setattr(api.api, "endpoint", address)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setenv("HF_TOKEN", "hf_secret")
        yield hub


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "README.md").write_text("---\nlicense: other\n---\n# Card\n")
    (tmp_path / "out" / "model.safetensors").write_bytes(bytes(range(256)))
    return tmp_path / "out"


def test_upload(hub, folder):
    check_push("me/acme")
    assert push(folder, "me/acme").endswith("/me/acme")
    assert hub.repositories == {"me/acme": True}
    files = {name: content for name, content in hub.files["me/acme"].items() if name != ".gitattributes"}
    assert files == {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("repo", ["acme", "a/b/c", "me/--x", "", "me/../x", "me/a b"])
def test_names(hub, repo):
    with pytest.raises(InputError, match=r"PUSH=.*write OWNER/NAME"):
        check_push(repo)
    assert hub.repositories == {}


def test_it_exists(hub):
    hub.repositories["me/acme"] = False
    with pytest.raises(InputError, match="the hub has a repository of this name; choose another"):
        check_push("me/acme")


def test_no_token(hub, monkeypatch):
    monkeypatch.setattr("huggingface_hub.get_token", lambda: None)
    with pytest.raises(InputError, match=r"no token of the hub; `\.venv/bin/hf auth login`"):
        check_push("me/acme")


def test_offline(hub, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match="HF_HUB_OFFLINE forbids it"):
        check_push("me/acme")


def test_no_network(hub, monkeypatch, folder):
    import huggingface_hub.hf_api as api

    monkeypatch.setattr(api.constants, "ENDPOINT", "http://127.0.0.1:9")
    for ask in (lambda: check_push("me/acme"), lambda: push(folder, "me/acme")):
        with pytest.raises(InputError, match="PUSH=me/acme: the hub cannot be used") as caught:
            ask()
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("refused", ["POST /api/repos/create", "POST /api/models/me/acme/commit"])
def test_a_refusal_says_how_to_try_again(hub, folder, refused):
    hub.refusals[refused] = 403
    with pytest.raises(
        InputError, match=r"the hub says .*403.*; .*`.venv/bin/hf upload --private me/acme"
    ) as caught:
        push(folder, "me/acme")
    assert "\n" not in str(caught.value)
    assert "hf_secret" not in str(caught.value)
