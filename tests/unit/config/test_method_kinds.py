"""The table of method kinds: a new kind is an entry there and, if it is on-policy, a module of its name."""

import copy
import re

import pytest
from helpers.paths import SCRIPTS
from helpers.shipped_config import SHIPPED, SHIPPED_KINDS

from tms.config import check, study
from tms.config.method_kinds import KINDS, MIXTURE, REFERENCES, SAMPLES, WEIGHTS, MethodKind, names
from tms.config.run_folder import Run
from tms.config.stages import experiments, mixture, train
from tms.experiments import labels
from tms.mixture.plan import MixtureWeights
from tms.model_card.card import card_name
from tms.model_card.licences import Terms
from tms.model_card.settings import ALGORITHM_WORDS, setting_rows
from tms.report.figures import palette

LOOK = {"about": "A new kind.", "colour": "#123456", "marker": "*", "line": "-.", "hatch": "**"}


@pytest.fixture
def config():
    """The shipped configuration with a method `gspo` of the kind of that name."""
    changed = copy.deepcopy(SHIPPED)
    changed["methods"]["gspo"] = {"kind": "gspo"}
    changed["experiments"]["main"].append("gspo")
    return changed


def card(config, method):
    terms = Terms("other", "", "", (), ())
    return card_name(config, Run(SCRIPTS, "tiny", method, "chain", 0), terms)


def test_what_kinds_train_on():
    for source in (REFERENCES, MIXTURE, SAMPLES, WEIGHTS):
        shipped = [name for name in names(source) if name in SHIPPED_KINDS]
        assert shipped == [name for name, trains_on in SHIPPED_KINDS.items() if trains_on == source]
    assert [name for name in SHIPPED_KINDS if KINDS[name].mixes] == ["tms"]
    assert {name for name, kind in KINDS.items() if kind.on_rows} == {*names(REFERENCES), *names(MIXTURE)}


def test_a_label_of_more_words_than_the_kind_s_name_breaks_no_card(config, monkeypatch):
    kind = MethodKind(SAMPLES, label="Group Sequence Policy Optimisation", **LOOK)
    monkeypatch.setitem(KINDS, "gspo", kind)
    assert (card(config, "gspo"), card(config, "tms")) == ("gspo-tiny-chain", "TMS-tiny-chain")


def test_an_on_policy_kind_has_a_module_and_no_key_without_words():
    for name in names(SAMPLES):
        assert (SCRIPTS / "tms" / "on_policy" / f"{name}.py").exists()
        assert set(KINDS[name].keys) <= set(ALGORITHM_WORDS) & set(SHIPPED["on_policy"])


def test_a_new_on_policy_kind_touches_the_table_alone(config, monkeypatch):
    kind = MethodKind(SAMPLES, label="GSPO", rollouts=4, keys=("beta",), **LOOK)
    monkeypatch.setitem(KINDS, "gspo", kind)
    check.check(config, ["tiny"])
    assert "gspo" in study.on_policy(config) and "gspo" in study.table_methods(config, "tiny")
    assert "gspo" in experiments.on_policy_methods(config, "tiny")
    flags = train.on_policy_flags(config, "tiny", "gspo", "chain", "0")
    assert flags.startswith("--algorithm gspo ") and " --samples 4 --beta 0.0 " in flags
    assert train.on_policy_modules(config, "gspo", "chain")[0] == "tms.on_policy.gspo"
    assert (labels.method("gspo"), labels.method("gspo_lr30")) == ("GSPO", "GSPO lr30")
    assert labels.quantity("versus_gspo.forgetting") == "Forgetting F, difference from GSPO"
    assert palette.assign({"gspo": "gspo"})["gspo"] == palette.Style("#123456", "*", "-.", "**")
    assert "GSPO" in card(config, "gspo")
    rows = dict(setting_rows(config, Run(SCRIPTS, "tiny", "gspo", "chain", 0), 1, 1))
    assert rows["weight of the KL term"] == "0" and rows["answers sampled of a prompt and visit"] == "4"


def test_a_new_mixture_kind_touches_the_table_alone(config, monkeypatch):
    monkeypatch.setitem(KINDS, "gspo", MethodKind(MIXTURE, label="Half-SFT", point="1of2", **LOOK))
    check.check(config, ["tiny"])
    assert "gspo" in study.students(config)
    assert mixture.mixture_weights(config, "tiny", "gspo") == MixtureWeights(0.0, ("1of2",), (1.0,))
    assert "1of2" in mixture.saved_points(config, "tiny", "sft")
    assert labels.method("gspo") == "Half-SFT"


def test_an_unknown_kind_is_refused_by_name(config):
    with pytest.raises(check.InputError, match=r"methods\.gspo\.kind.*did you mean grpo"):
        check.check(study.expanded(config))


def test_no_two_kinds_look_the_same():
    assert len({(kind.colour, kind.marker) for kind in KINDS.values()}) == len(KINDS)
    assert all(re.fullmatch(r"#[0-9A-F]{6}", kind.colour) for kind in KINDS.values())
