"""Stages and spans of time, in words."""

# A rule -> what a run says of it.
STAGES = {
    "aggregate": "table of a method",
    "all": "everything asked for",
    "answer": "answer in one sentence",
    "answer_general": "let the base answer general prompts",
    "answer_pair": "answer of base, SFT and TMS",
    "average": "average weights",
    "build_mixture": "build the mixture",
    "compare": "compare with the paper",
    "compare_model": "compare with the paper",
    "contamination_gate": "check training rows against tests",
    "correlations": "correlate drift and forgetting",
    "decontaminate": "remove test rows from training rows",
    "diversity": "measure diversity",
    "download": "download models",
    "download_punkt": "download the sentence splitter",
    "download_wheel": "fetch models from wheels",
    "draw_figures": "draw the figures",
    "draw_tables": "draw the tables",
    "drift": "measure drift from the base",
    "filter_teacher": "keep the teacher's right answers",
    "frontier": "accuracy against forgetting",
    "generate": "answer the benchmarks",
    "generate_samples": "sample answers",
    "gpu_check": "check the GPU node",
    "grade": "grade the answers",
    "grade_samples": "grade the samples",
    "harvest": "harvest SFT's checkpoints",
    "join_tables": "join the tables",
    "join_tasks": "join tasks",
    "judge": "judge the answers",
    "likelihoods": "compare choices by likelihood",
    "mismatch": "measure mismatch with the training rows",
    "pilots": "table of the pilot",
    "plan_mixture": "plan the mixture",
    "prepare": "prepare data",
    "pretrain": "pretrain the miniature",
    "pretrain_anew": "pretrain the miniature anew",
    "pretrain_images": "pretrain the miniature that reads images",
    "pretrain_images_anew": "pretrain the miniature that reads images anew",
    "pretrain_tools": "pretrain the miniature that calls tools",
    "pretrain_tools_anew": "pretrain the miniature that calls tools anew",
    "questions": "answer the research questions",
    "questions_all": "answer the research questions",
    "report": "write the report",
    "summarise": "summarise the experiments",
    "table": "table of a model",
    "teacher": "collect the teacher's answers",
    "theorem61": "check Theorem 6.1",
    "train_on_policy": "train on-policy",
    "train_sft": "train SFT",
    "train_student": "train on the mixture",
    "training_curves": "collect training curves",
}


def stage(rule: str) -> str:
    """A rule in words; its name where it has none."""
    return STAGES.get(rule, rule.replace("_", " "))


def span(seconds: float) -> str:
    """A time that passed, e.g. `42 s`, `5 min` or `2 h 05 min`."""
    minutes = max(int(seconds // 60), 0)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02} min"
    return f"{minutes} min" if minutes else f"{max(seconds, 0):.0f} s"


def about(seconds: float) -> str:
    """A time to come, no finer than one can tell: `about 3 min`, `about 2 h 10 min`, `about 4 days`."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    if minutes <= 10:
        return f"about {minutes} min"
    if minutes < 57:
        return f"about {5 * round(minutes / 5)} min"
    tens = round(minutes / 10)
    if tens < 60:
        return f"about {tens // 6} h{f' {tens % 6}0 min' if tens % 6 else ''}"
    hours = round(minutes / 60)
    return f"about {hours} h" if hours < 72 else f"about {round(hours / 24)} days"
