"""The repositories of the Hugging Face hub that jobs would download, and whether this user may."""

from collections.abc import Callable
from dataclasses import dataclass

from tms.config.paths import MODEL_FOLDERS
from tms.config.suite import PARTS
from tms.config.tasks import each, kind
from tms.data.data_sources import data_source
from tms.io.errors import first_line
from tms.planned_jobs.jobs import Job

SECONDS = 20  # that the hub has to answer a question


@dataclass(frozen=True)
class Repository:
    """A repository of the hub: its id, `model` or `dataset`, and what to change to do without it."""

    repo: str
    kind: str
    without: str

    @property
    def link(self) -> str:
        """Its page."""
        return f"https://huggingface.co/{'datasets/' if self.kind == 'dataset' else ''}{self.repo}"


def needed(jobs: list[Job], config: dict) -> list[Repository]:
    """The repositories that jobs will download, each once: models first, then data sets.

    What is finished has no job, and local folders (`data.root`, a model's own folder) need no repository.
    """
    models = {
        config["downloads"][name]["repo"]: _another_folder(name, jobs, config)
        for name in (job.wildcards["download"] for job in jobs if job.rule == "download")
    }
    tasks: dict[str, list[str]] = {}
    for job in jobs:
        if job.rule == "prepare" and config["data"]["root"] is None:
            task, training = job.wildcards["task"], job.wildcards["split"] != "test"
            source = data_source(kind(config, task), training, config["tasks"][task].get("options"))
            if source and source.site == "hub" and task not in tasks.setdefault(source.repo, []):
                tasks[source.repo].append(task)
    found = [Repository(repo, "model", without) for repo, without in models.items()]
    return found + [
        Repository(repo, "dataset", _without_tasks(names, jobs, config)) for repo, names in tasks.items()
    ]


def _another_folder(download: str, jobs: list[Job], config: dict) -> str:
    """Changes that do without a model, by the jobs that read it."""
    folder = f"models/hub/{download}"
    keys: dict[str, None] = {}
    for job in jobs:
        if folder in job.input:
            for section, key in MODEL_FOLDERS.items():
                name = job.wildcards.get(section.removesuffix("s"))
                if name and config[section][name].get(key) == folder:
                    keys[f"{section}.{name}.{key}"] = None
    simulating = [name for name, entry in config["simulators"].items() if entry["model"] == folder]
    keys |= {f"simulators.{name}.model": None for name in simulating if not keys}
    return f"name a folder of your own in {' and '.join(keys) or f'downloads.{download}'}"


def _without_tasks(tasks: list[str], jobs: list[Job], config: dict) -> str:
    """Changes that do without data sets, by the suites of the jobs."""
    suites: dict[str, None] = {}
    for job in jobs:
        if "model" in job.wildcards:
            suites[config["models"][job.wildcards["model"]]["suite"]] = None
        elif "suite" in job.wildcards:
            suites[job.wildcards["suite"]] = None
    places = [
        f"{task} from suites.{suite}.{part}"
        for task in tasks
        for suite in suites
        for part in PARTS
        if task in each(config["suites"][suite].get(part, []))
    ]
    copy = "set data.root to local copies"
    return f"take {', '.join(places)}, or {copy}" if places else copy


def faults(
    repositories: list[Repository], offline: bool, ask: Callable[[Repository], None] | None = None
) -> list[str]:
    """Repositories that this user may not download, a line each; a hub that cannot be reached is one line.

    Args:
        repositories: what jobs will download.
        offline: whether the user has forbidden the network: then a model is missing, and a data set may be in
            the hub's cache.
        ask: raises huggingface_hub's error where a repository is refused; the hub itself by default.
    """
    models = [item for item in repositories if item.kind == "model"]
    if offline:
        names = ", ".join(item.repo for item in models)
        return (
            [f"HF_HUB_OFFLINE forbids to download {names}; unset it, or {_first(models)}"] if models else []
        )
    if not repositories:
        return []
    import httpx
    from huggingface_hub import get_token
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

    user = "with the account of your token" if get_token() else "and log in with `.venv/bin/hf auth login`"
    found = []
    for item in repositories:
        try:
            (ask or _ask)(item)
        except GatedRepoError:
            found.append(f"{item.repo} is gated: accept its terms at {item.link} {user}; or {item.without}")
        except RepositoryNotFoundError:
            found.append(
                f"{item.repo}: the hub shows no such {item.kind} ({item.link}); "
                f"`.venv/bin/hf auth login` if it is private, else correct its name; or {item.without}"
            )
        except HfHubHTTPError as error:
            found.append(f"{item.repo}: the hub says {first_line(error)}; try again, or {item.without}")
        except (httpx.HTTPError, OSError) as error:
            names = ", ".join(other.repo for other in repositories[:3])
            more = f" and {len(repositories) - 3} more" if len(repositories) > 3 else ""
            return [
                f"the hub cannot be reached ({first_line(error)}) for {names}{more}; connect, or set "
                f"HF_HUB_OFFLINE=1 where its cache has the data sets, or {_first(repositories)}"
            ]
    return found


def _first(repositories: list[Repository]) -> str:
    more = " (and so on)" if len(repositories) > 1 else ""
    return f"{repositories[0].without}{more}"


def _ask(item: Repository) -> None:
    from huggingface_hub import auth_check, get_session

    get_session().timeout = SECONDS
    auth_check(item.repo, repo_type=item.kind)
