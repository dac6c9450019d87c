"""Options of the whole suite."""

import pytest

from tests.contract.kit import WORLDS


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--world",
        action="append",
        choices=WORLDS,
        help="run contract checks only in this world (repeatable); default: all worlds",
    )
