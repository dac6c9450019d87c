"""Options of the whole suite."""

import pytest

from tests.contract.kit import WORLDS


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--world",
        action="append",
        choices=WORLDS,
        help="run contract checks in this world alone (repeatable); default: all",
    )
