"""Upload of an exported folder to the Hugging Face hub, with its own client."""

from pathlib import Path

from tms.io.errors import InputError, first_line


def check_push(repo: str) -> None:
    """Refuse an upload that cannot work, before anything is written.

    Args:
        repo: OWNER/NAME.

    Raises:
        InputError: no such name, no token, no network, or the repository exists.
    """
    from huggingface_hub import HfApi, get_token
    from huggingface_hub.constants import HF_HUB_OFFLINE
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    try:
        validate_repo_id(repo)
    except HFValidationError as error:
        raise InputError(f"PUSH={repo}: {first_line(error)}; write OWNER/NAME") from error
    if "/" not in repo:
        raise InputError(f"PUSH={repo}: write OWNER/NAME, e.g. PUSH=my-name/{repo}")
    if HF_HUB_OFFLINE:
        raise InputError(f"PUSH={repo}: HF_HUB_OFFLINE forbids it; unset it, or export without PUSH")
    if not get_token():
        raise InputError(f"PUSH={repo}: no token of the hub; `.venv/bin/hf auth login`, or set HF_TOKEN")
    if _asked(repo, lambda: HfApi().repo_exists(repo)):
        raise InputError(f"PUSH={repo}: the hub has a repository of this name; choose another PUSH")


def push(folder: Path, repo: str) -> str:
    """Upload a folder into a new private repository.

    Returns:
        Its page.

    Raises:
        InputError: the hub refuses, or is not reached; the folder stays.
    """
    from huggingface_hub import HfApi

    def upload() -> str:
        api = HfApi()
        page = api.create_repo(repo, private=True)
        api.upload_folder(repo_id=repo, folder_path=folder, commit_message="Upload the model")
        return str(page)

    return _asked(
        repo, upload, f"{folder} is whole; `.venv/bin/hf upload --private {repo} {folder}` tries again"
    )


def _asked(repo: str, ask, remedy: str = "try again, or export without PUSH"):
    """The hub's answer; its errors in one line."""
    import httpx
    from huggingface_hub.errors import HfHubHTTPError

    try:
        return ask()
    except HfHubHTTPError as error:
        raise InputError(f"PUSH={repo}: the hub says {first_line(error)}; {remedy}") from error
    except (httpx.HTTPError, OSError, RuntimeError, ValueError) as error:
        raise InputError(f"PUSH={repo}: the hub cannot be used ({first_line(error)}); {remedy}") from error
