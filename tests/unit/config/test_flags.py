"""Settings written as command-line flags."""

from tms.config.flags import flags, labelled


def test_flags():
    assert flags(max_new_tokens=96, points=["1of2", "1of1"], only=[], grader=None, learning_rate=2e-05) == (
        "--max-new-tokens 96 --points 1of2 1of1 --only --learning-rate 2e-05"
    )
    assert flags(options='{"a": 1}', accept=["x=a b"]) == "--options '{\"a\": 1}' --accept 'x=a b'"
    assert flags() == ""


def test_two_values_that_trade_places_are_another_string():
    assert flags(temperature=1.0, top_p=0.5) != flags(temperature=0.5, top_p=1.0)


def test_labels():
    assert labelled({"tms/chain/seed0": "a.parquet", "alpha": 0.25}) == [
        "tms/chain/seed0=a.parquet",
        "alpha=0.25",
    ]
