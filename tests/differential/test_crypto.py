"""The differential run of Web Crypto: the fake against Node's and workerd's implementation."""

from __future__ import annotations

import os

import pytest

from tests.differential.conftest import SEED
from tests.differential.crypto_cases import compare_crypto
from tests.real.web_crypto import Engine

CASES: dict[Engine, int] = {"node": 400, "workerd": 200}


@pytest.mark.real
@pytest.mark.skipif(os.environ.get("PYWORKERS_SKIP_REAL") == "1", reason="PYWORKERS_SKIP_REAL=1")
@pytest.mark.parametrize("engine", CASES)
def test_fake_and_real_crypto_answer_alike(engine: Engine) -> None:
    report = compare_crypto(engine, SEED, cases=CASES[engine])
    if report.difference:
        pytest.fail(str(report), pytrace=False)
    assert report.tally.operations == CASES[engine]
