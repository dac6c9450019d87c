"""The loader of row types against pydantic, on random pairs of annotation and value."""

from __future__ import annotations

from tests.differential.conftest import SEED
from tests.differential.loading_pairs import DECISIONS, compare_loading, explanations


def test_random_pairs_are_loaded_as_pydantic_does_or_as_decided() -> None:
    report = compare_loading(SEED, pairs=2000)
    assert report.difference is None, str(report)
    assert report.pairs == 2000
    assert report.equal > 1500


def test_each_decision_has_an_example() -> None:
    for decision in DECISIONS:
        kind, value = decision.example
        assert decision in explanations(kind, value), decision
