"""General prompts with the base's answers, which methods that replay train on: inputs and flags of jobs."""

from tms.config import study, tasks
from tms.config.engines import engine_flags
from tms.config.flags import flags

# Sampled once, whatever the method and the run's seed: as the base itself answers.
SAMPLING = {"temperature": 1.0, "top_p": 1.0, "seed": 0}


def prompts_folder(config: dict, model: str, task: str) -> str:
    """Folder of the general prompts, without those that a benchmark of the model's suite holds."""
    return f"data/{task}/{config['models'][model]['suite']}"


def images(config: dict, task: str) -> list[str]:
    """Files of the images of a task's general prompts."""
    return tasks.image_files(config, [task], "train")


def answer_flags(config: dict, model: str, task: str) -> str:
    """The task, its limit, and decoding by the base."""
    return flags(
        task=task,
        max_new_tokens=config["tasks"][task]["max_new_tokens"],
        images=images(config, task) or None,
        **SAMPLING,
        **engine_flags(config, "models", model),
    )


def answers_file(model: str, task: str, ending: str = "parquet") -> str:
    """The base's answers to the prompts of a task, or with the ending `cost.json` their cost."""
    return f"results/{model}/general/{task}.{ending}"


def answers(config: dict, model: str, method: str, ending: str = "parquet") -> list[str]:
    """The base's answers on which a method that replays trains, or their cost; none of another method."""
    chosen = study.replay(config, model, method)
    return [answers_file(model, chosen["task"], ending)] if chosen else []


def replay_flags(config: dict, model: str, method: str) -> dict:
    """Flags of training, by name: these answers and their share of the visits; none without replay."""
    chosen = study.replay(config, model, method)
    if not chosen:
        return {}
    return {"general": answers(config, model, method), "replay_share": chosen["share"]}
