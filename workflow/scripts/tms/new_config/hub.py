"""Questions to the Hugging Face hub about a model or data set that a user names."""

from collections.abc import Callable
from typing import TypeVar

from tms.io.errors import InputError, first_line

Answer = TypeVar("Answer")


def ask(named: str, kind: str, question: Callable[[], Answer]) -> Answer:
    """The answer to a question, its errors in one line.

    Args:
        named: the variable and its value, e.g. `MODEL=owner/name`, for the line.
        kind: model or data set.
        question: calls the hub's client.

    Raises:
        InputError: the network is forbidden or not there, or the hub refuses.
    """
    import httpx
    from huggingface_hub.constants import HF_HUB_OFFLINE
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

    remedy = f"or name a {'folder that has the model' if kind == 'model' else 'file'}"
    nothing = f"{named}: no such {'folder' if kind == 'model' else 'file'}"
    if HF_HUB_OFFLINE:
        raise InputError(f"{nothing}, and HF_HUB_OFFLINE forbids to ask the hub; unset it, {remedy}")
    try:
        return question()
    except GatedRepoError as error:
        raise InputError(
            f"{named} is gated: accept its terms on its page on the hub and "
            f"`.venv/bin/hf auth login`, {remedy}"
        ) from error
    except RepositoryNotFoundError as error:
        raise InputError(
            f"{nothing}, and the hub shows no such {kind}; "
            f"`.venv/bin/hf auth login` if it is private, {remedy}"
        ) from error
    except (HfHubHTTPError, httpx.HTTPError, OSError) as error:
        why = first_line(error)
        raise InputError(f"{nothing}, and the hub does not answer ({why}); try again, {remedy}") from error


def data_revision(repo: str) -> str:
    """The revision that a data set has today.

    Raises:
        InputError: as `ask`.
    """
    from huggingface_hub import HfApi

    return ask(f"DATA={repo}", "data set", lambda: HfApi().dataset_info(repo).sha)
