"""Which methods a model has, what their runs save, and what is wrong with an experiment."""

import copy

import pytest
import yaml
from helpers.paths import CONFIG
from helpers.shipped_config import SHIPPED_KINDS

from tms.config import check, study
from tms.config.load import laid_over
from tms.config.own_settings import own_settings
from tms.config.stages import train
from tms.config.stages.mixture import mixture_weights, saved_points
from tms.io.errors import InputError
from tms.mixture.plan import MixtureWeights

SHIPPED = yaml.safe_load((CONFIG / "config.yaml").read_text())


@pytest.fixture
def config():
    return copy.deepcopy(SHIPPED)


def test_a_model_has_the_methods_of_its_experiments_and_what_they_harvest(config):
    config["models"]["tiny"]["experiments"] = ["main", "frontier"]
    methods = study.model_methods(config, "tiny")
    assert {"sft", "tms", "self_sft", "final_sft", "tms_lr30", "sft_lr30", "tms_late"} <= set(methods)
    assert not {"tms_t4", "sft_long", "tms_alpha0"} & set(methods)
    config["experiments"]["frontier"] = {"sft": ["sft"], "tms": ["tms_lr30"]}
    assert "sft_lr30" in study.model_methods(config, "tiny")


def test_a_method_that_no_experiment_names_belongs_to_every_model_and_to_no_table(config):
    config["methods"]["own"] = {"kind": "tms"}
    assert "own" in study.model_methods(config, "llama1b")
    assert study.table_methods(config, "tiny") == [
        *["sft", "self_sft", "final_sft", "grpo", "reinforce", "tms", "trapo", "trsft", "tms_trsft"]
    ]
    config["experiments"]["main"] = ["own", "sft"]
    assert study.table_methods(config, "tiny") == ["own", "sft"]


def test_methods_that_begin_with_a_reference_are_left_out_where_rows_have_tools(config):
    rows = study.table_methods(config, "tiny_tools")
    assert {"sft", "tms", "grpo", "reinforce", "self_sft"} <= set(rows) and "trapo" not in rows
    assert study.experiments(config, "tiny_tools")["main"] == rows
    assert "trapo" in study.table_methods(config, "tiny")
    assert "trapo" not in study.model_methods(config, "tiny_tools")


def test_a_run_saves_what_others_harvest_and_what_is_evaluated(config):
    config["models"]["tiny"]["experiments"] = ["main"]
    tenths = ["1of10", "1of5", "3of10", "2of5", "1of2", "3of5", "7of10", "4of5", "9of10", "1of1"]
    assert saved_points(config, "tiny", "sft") == tenths
    assert saved_points(config, "tiny", "tms") == ["1of1"]
    config["models"]["tiny"]["experiments"] = ["main", "frontier"]
    assert saved_points(config, "tiny", "tms") == ["2of5", "7of10", "1of1"]
    assert saved_points(config, "tiny", "self_sft") == ["1of1"]
    # theta_0 is never saved, and other models' sweeps cost this one nothing.
    config["models"]["tiny"]["experiments"] = ["main", "mixture"]
    assert saved_points(config, "tiny", "sft") == tenths
    config["models"]["tiny"]["experiments"] = ["main", "checkpoints"]
    saved = saved_points(config, "tiny", "sft")
    assert len(saved) == 24 and {"1of12", "1of8", "5of6"} < set(saved)


def test_on_policy_methods_save_their_end_and_are_harvested_by_none(config):
    own = study.model_methods(config, "tiny")
    for method in study.on_policy(config):
        assert (method in own) == (method not in config["experiments"]["rivals"])
        assert saved_points(config, "tiny", method) == ["1of1"]
    trained = [study.trajectories(config), study.students(config), study.on_policy(config)]
    kinds = [*trained, study.averages(config)]
    assert sorted(name for names in kinds for name in names) == sorted(config["methods"])
    of_shipped_kinds = {name for name, entry in config["methods"].items() if entry["kind"] in SHIPPED_KINDS}
    shipped = [[name for name in names if name in of_shipped_kinds] for names in (kinds[0], kinds[2])]
    assert shipped == [
        ["sft", "trsft", "replay", "dft", "kl_sft", "kl_general", "sft_lr30", "sft_lr10", "sft_long"],
        ["grpo", "reinforce", "trapo", "sdft", "distill"],
    ]


def test_trsft_is_a_loss_of_references_and_of_mixtures(config):
    losses = {name: study.loss(config, "tiny", name) for name in ("sft", "trsft", "tms", "tms_trsft")}
    assert losses == {"sft": "nll", "trsft": "trsft", "tms": "nll", "tms_trsft": "trsft"}
    assert mixture_weights(config, "tiny", "tms_trsft") == mixture_weights(config, "tiny", "tms")
    config["methods"]["tms_trsft"]["tms"]["trajectory"] = "trsft"
    check.check(config, ["tiny"])
    assert len(saved_points(config, "tiny", "trsft")) == 10
    config["models"]["tiny"]["tms"] = {"loss": "trsft"}
    assert [study.loss(config, "tiny", name) for name in ("self_sft", "sft")] == ["trsft", "nll"]


def test_rounds_of_iterative_sft(config):
    found = study.expanded(config)
    assert found["methods"]["iterative_sft"]["tms"]["trajectory"] == "final_sft"
    assert mixture_weights(found, "tiny", "iterative_sft") == MixtureWeights(0.0, ("1of1",), (1.0,))
    config["methods"]["iterative_sft"]["iterations"] = 3
    found = study.expanded(config)
    assert found["methods"]["iterative_sft"]["tms"]["trajectory"] == "iterative_sft_round2"
    assert found["methods"]["iterative_sft_round2"]["tms"]["trajectory"] == "final_sft"
    assert "iterative_sft_round2" in study.model_methods(found, "tiny")


def test_a_first_round_of_its_own_where_no_method_is_the_same(config):
    config["methods"]["iterative_sft"]["training"] = {"learning_rate_scale": 0.5}
    found = study.expanded(config)["methods"]
    assert found["iterative_sft"]["tms"]["trajectory"] == "iterative_sft_round1"
    assert found["iterative_sft_round1"] == {"kind": "final_sft", "training": {"learning_rate_scale": 0.5}}
    assert check.check(study.expanded(config)) == []


def test_long_runs_take_their_steps_from_the_diagnosis(config):
    assert study.max_steps(config, "tiny", "sft_long") == 300
    assert study.max_steps(config, "qwen1.5b", "tms_long") == 5000
    assert study.max_steps(config, "tiny", "sft") is None
    assert study.diagnose(config, "tiny", "diversity") == {"samples": 128, "k": 100, "prompts": 100}


def test_averages_have_the_settings_of_their_runs_and_bring_these_along(config):
    config["methods"]["average_tms"] = {"kind": "average", "average": {"of": "tms_lr30", "share": 0.5}}
    config["methods"]["sft"]["training"]["epochs"] = 3
    config["models"]["tiny"]["experiments"] = ["main", "frontier"]
    config["experiments"] |= {"main": ["self_sft", "average_50"], "frontier": {"average": ["average_tms"]}}
    with pytest.raises(InputError, match=r"experiments.frontier: name two sides or more"):
        check.check(config)
    config["experiments"] |= {"main": ["self_sft", "average_50", "average_tms"]}
    sides = {"sft": ["sft"], "tms": ["tms_early"], "average": ["average_50", "average_tms"], "lora": []}
    config["experiments"] |= {"frontier": sides}
    config["methods"]["sft"]["training"]["checkpoints"] = ["7of10"]
    assert check.check(config, ["tiny"]) == []
    methods = study.model_methods(config, "tiny")
    assert {"sft", "tms_lr30", "sft_lr30"} <= set(methods)
    assert study.section(config, "training", "tiny", "average_50")["epochs"] == 3
    assert study.section(config, "training", "tiny", "average_tms")["learning_rate_scale"] == 0.3
    assert saved_points(config, "tiny", "average_50") == ["1of1"]
    assert study.own_points(config, "tiny", "average_50") == []
    assert "7of10" in study.own_points(config, "tiny", "sft")


def test_an_average_of_checkpoints_has_its_run_save_them(config):
    config["methods"]["soup"] = {
        "kind": "average",
        "average": {"of": "sft", "share": 1, "points": ["3of4", "1of1"]},
    }
    config["experiments"]["main"] = ["sft", "soup", "average_50"]
    assert check.check(config, ["tiny"]) == []
    assert "3of4" in saved_points(config, "tiny", "sft")
    run = "results/tiny/sft/chain/seed0"
    place = (config, "tiny", "soup", "chain", "0")
    assert train.averaged_folders(*place) == [f"{run}/checkpoint-1of1", f"{run}/trajectory"]
    assert (
        train.average_flags(*place) == f"--trained {run}/trajectory/checkpoint-3of4 {run}/checkpoint-1of1 "
        "--share 1 --threads 1"
    )
    config["methods"]["soup"]["average"]["points"] = ["1of400", "1of1"]
    with pytest.raises(
        InputError, match=r"average.points of methods.soup, models.tiny, .*fewer than the 400"
    ):
        check.check(config, ["tiny"])
    config["methods"]["soup"]["average"]["points"] = ["3of4", "1of1"]
    config["methods"]["sft"]["training"]["lora"] = {"rank": 4, "alpha": 8}
    with pytest.raises(InputError, match=r"average.points of methods.soup, models.tiny: sft trains LoRA"):
        check.check(config, ["tiny"])


@pytest.fixture
def rivals():
    return study.expanded(laid_over(SHIPPED, yaml.safe_load((CONFIG / "rivals.yaml").read_text())))


def test_the_rivals_have_as_many_points_as_sft_and_tms(rivals):
    check.check(rivals, {"tiny": study.named_methods(rivals, "tiny")})
    points = study.side_points(rivals, "tiny")
    assert set(points.values()) == {9} and {"sft", "tms", "average", "replay", "dft", "lora"} <= set(points)


def test_settings_of_a_side_are_told_apart(rivals):
    for side, methods in study.sides(rivals).items():
        words = {method: own_settings(rivals, "tiny", method) for method in methods}
        assert len(set(words.values())) == len(words), side
    assert own_settings(rivals, "tiny", "average_lr30_25") == "of sft_lr30, share 0.25"


def test_the_units_of_the_rivals_are_every_side_with_every_seed(rivals):
    made = [(entry["seed"], tuple(entry["methods"])) for entry in rivals["units"].values()]
    sides = [tuple(methods) for methods in study.sides(rivals).values()]
    assert sorted(made) == sorted((seed, side) for seed in (0, 1, 2) for side in sides)


def test_a_model_with_tools_has_the_sides_whose_methods_take_tools(config):
    config["experiments"]["frontier"] = {"sft": ["sft"], "distill": ["distill"]}
    assert study.sides(config) == study.sides(config, "tiny")
    assert study.sides(config, "tiny_tools") == {"sft": ["sft"]}


def one_point_a_side(config):
    config["experiments"]["frontier"] = {"sft": ["sft_lr30"], "tms": ["tms_lr30"]}
    for name in ("sft_lr30", "tms_lr30"):
        config["methods"][name]["training"]["checkpoints"] = []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c["experiments"].update(alpha=["tms_alfa50"]), ["experiments.alpha", "tms_alpha50"]),
        (
            lambda c: c["models"]["tiny"].update(experiments=["mian"]),
            ["models.tiny.experiments", "did you mean main"],
        ),
        (lambda c: c["experiments"].update(windws=["tms"]), ["experiments.windws", "windows"]),
        (
            lambda c: c["methods"]["tms_late"].pop("training"),
            ["experiments.frontier", "sft 12, tms 11; give all sides as many"],
        ),
        (
            lambda c: c["experiments"]["frontier"].update(lora=["self_sft"]),
            ["experiments.frontier: points of its sides", "sft 12, tms 12, lora 1; give all sides as many"],
        ),
        (
            lambda c: c["experiments"]["frontier"]["tms"].append("sft"),
            ["experiments.frontier: sft is on the sides sft and tms; keep one"],
        ),
        (
            lambda c: c["experiments"]["frontier"]["tms"].append("tms_lr3"),
            ["experiments.frontier", "did you mean tms_lr30?"],
        ),
        (
            lambda c: c["experiments"]["frontier"].update({"a/b": ["self_sft"]}),
            ["config: experiments.frontier.a/b: names are"],
        ),
        (
            lambda c: c["experiments"]["frontier"].update(windows=["grpo"]),
            ["config: experiments.frontier.windows: choose another name"],
        ),
        (
            lambda c: c["experiments"].update(frontier=["sft", "tms"]),
            ["experiments.frontier: ['sft', 'tms'] must be a mapping"],
        ),
        (one_point_a_side, ["experiments.frontier: a side of one point is not tuned"]),
        (lambda c: c["models"]["tiny"].update(experiments=["alpha"]), ["models.tiny.experiments", "main"]),
        (
            lambda c: c["experiments"]["windows"].append("sft"),
            ["experiments.windows", "sft is of kind sft", "methods of kind tms"],
        ),
        (lambda c: c["experiments"]["mismatch"].append("tms"), ["experiments.mismatch: tms is in", "main"]),
        (
            lambda c: c["experiments"]["mismatch"].append("grpo"),
            ["experiments.mismatch: grpo is of kind grpo", "methods that train on rows"],
        ),
        (
            lambda c: c["experiments"]["alpha"].append("trapo"),
            ["experiments.alpha: trapo is of kind trapo", "methods that train on rows"],
        ),
        (
            lambda c: c["methods"]["sft_long"].pop("training"),
            ["experiments.mismatch: sft_long has no training.checkpoints"],
        ),
        (lambda c: c["methods"]["iterative_sft"].pop("iterations"), ["iterative_sft.iterations", "needs it"]),
        (lambda c: c["methods"]["tms"].update(iterations=2), ["methods.tms.iterations", "no other kind"]),
        (
            lambda c: c["methods"]["tms"].update(on_policy={"beta": 0.1}),
            ["methods.tms.on_policy: kind tms reads no such section"],
        ),
        (
            lambda c: c["methods"]["trapo"].update(harvest={"top_p": 0.9}),
            ["methods.trapo.harvest: kind trapo reads no such section"],
        ),
        (
            lambda c: c["methods"]["tms"].update(training={"checkpoints": ["1of1", "1of2"]}),
            ["training.checkpoints", "methods.tms", "1of1 is evaluated anyway"],
        ),
        (
            lambda c: c["methods"]["tms"].update(training={"checkpoints": ["2of4"]}),
            ["2of4", "reduced fraction"],
        ),
        (
            lambda c: c["methods"]["tms"].update(training={"checkpoints": ["half"]}),
            ["training.checkpoints", "point of a run"],
        ),
        (
            lambda c: c["models"]["tiny"]["diagnose"].update(mismatch={"task": "facts"}),
            ["diagnose.mismatch.task of models.tiny", "facts"],
        ),
        (
            lambda c: c["diagnose"].update(diversity={"samples": 8, "k": 9, "prompts": 5}),
            ["diagnose.diversity", "k 9 is more than the 8 samples"],
        ),
    ],
)
def test_a_mistake_is_one_line_that_names_the_key(config, change, words):
    change(config)
    with pytest.raises(InputError) as error:
        check.check(config)
    assert any(all(word in line for word in words) for line in str(error.value).splitlines()), error.value
