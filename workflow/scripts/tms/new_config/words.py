"""Findings in a user's data and model, in words."""

from tms.data.records.read import Seen
from tms.data.splits import SPLITS
from tms.new_config.lengths import Lengths
from tms.new_config.model import Model
from tms.new_config.sizes import schedule


def of_data(data: str, seen: Seen, counted: Lengths, longest: int) -> str:
    """Lines on the data: rows, columns, splits, lengths, and what `longest` tokens cut."""
    unread = [name for name in seen.columns if name not in seen.used.values()]
    read = ", ".join(f"{word} from {name}" for word, name in seen.used.items())
    left = f"; not read: {', '.join(unread)}" if unread else ""
    split = ", ".join(f"{seen.splits.get(name, 0)} {name}" for name in SPLITS)
    prompt, answer = counted.middle
    lines = [f"{data}: {seen.rows} rows", f"  read: {read}{left} (COLUMNS= changes it)"]
    if seen.duplicates:
        lines.append(f"  {seen.duplicates} more repeat an earlier prompt: left out (`duplicates: first`)")
    if seen.roles:
        roles = ", ".join(f"{count} of {role}" for role, count in seen.roles.items())
        lines.append(f"  messages: {roles}")
    if seen.roles.get("assistant", 0) > seen.rows:
        lines.append("  the last answer of each is learned; `train_on: all` in its options learns every one")
    lines += [
        f"  split by a hash of the prompt: {split}",
        f"  tokens: prompts with their template {prompt} in the middle, {counted.longest_prompt} at most; "
        f"answers {answer}, {counted.longest_answer} at most",
        f"  max_new_tokens {longest}: {100 * counted.cut(longest):.1f} % of the answers are longer",
    ]
    return "\n".join(lines)


def of_run(named: str, base: Model, context: int, machine: str, values: dict) -> str:
    """Lines on the model, the machine and the training.

    Args:
        named: the model as the user names it.
        base: the model.
        context: tokens that its context holds.
        machine: what the run takes of the machine, in words.
        values: of the configuration's file.
    """
    size = f"{base.parameters / 1e6:.4g} million parameters, " if base.parameters else ""
    ((_, model),) = values["models"].items()
    ((_, task),) = values["tasks"].items()
    plan = schedule(task["train"])
    return (
        f"{named}: {size}a context of {context} tokens; {machine}\n"
        f"  {plan.steps} steps: {task['train']} rows x {plan.epochs} epochs / batch {plan.batch}; "
        f"learning rate {model['training']['learning_rate']:g}"
    )
