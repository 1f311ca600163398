"""Kinds and graders of tasks."""

from helpers.shipped_config import SHIPPED

from tms.config import tasks


def test_modules_for_the_code_digest():
    assert tasks.task_modules(SHIPPED, "mini_countdown") == ("tms.tasks.countdown",)
    benchmarks = ["safetybench_zh", "math", "safetybench"]
    assert tasks.grader_modules(SHIPPED, benchmarks) == ("tms.graders.choice", "tms.graders.math")
    assert tasks.grader_modules(SHIPPED, []) == ()


def test_only_ifeval_needs_the_sentence_splitter():
    assert tasks.punkt(SHIPPED, ["math", "ifeval"]) == ["data/nltk/tokenizers/punkt_tab"]
    assert tasks.punkt(SHIPPED, ["math", "gsm8k"]) == []


def test_ifeval_without_the_prompts_that_need_the_splitter_needs_none_and_says_so():
    entry = SHIPPED["tasks"]["ifeval"] | {"options": {"sentences": False}}
    config = SHIPPED | {"tasks": SHIPPED["tasks"] | {"ifeval_s": entry}}
    assert tasks.punkt(config, ["math", "ifeval_s"]) == []
    assert tasks.punkt(config, ["ifeval", "ifeval_s"]) == ["data/nltk/tokenizers/punkt_tab"]
    assert tasks.note(config, ["math", "ifeval"]) == ""
    assert tasks.note(config, ["math", "ifeval_s"]).startswith("ifeval_s is without the prompts that need")


def test_toolalpaca_says_what_it_leaves_out_of_what_is_scored():
    names = ["toolalpaca", "toolalpaca_judged", "toolalpaca_real", "math"]
    words = "is without the instructions whose golden calls cannot be read"
    assert tasks.note(SHIPPED, names) == (
        f"toolalpaca {words} (32 of the file's 100). toolalpaca_real {words} (10 of the file's 114)."
    )


def test_only_tasks_that_read_benchmark_files_are_given_their_folder():
    config = SHIPPED | {"data": {"root": "/copies"}}
    assert tasks.data_root(config, "gsm8k") == "/copies"
    assert tasks.data_root(config, "chain") is None
    assert tasks.data_root(SHIPPED, "gsm8k") is None


def test_values():
    assert tasks.values(SHIPPED, ["chain", "facts"], "max_new_tokens") == ["chain=96", "facts=16"]


def test_which_tasks_are_generated():
    scored = {name: dict(entry) for name, entry in SHIPPED["tasks"].items()}
    scored["arc_c"]["scoring"], scored["mmlu"]["scoring"] = "likelihood", "generate"
    config, names = SHIPPED | {"tasks": scored}, ["math", "arc_c", "mmlu"]
    assert tasks.by_likelihood(config, names) == ["arc_c"]
    assert tasks.generated(config, names) == ["math", "mmlu"]
    assert tasks.by_likelihood(SHIPPED, list(SHIPPED["tasks"])) == ["trivia"]
