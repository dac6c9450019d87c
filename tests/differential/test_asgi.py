"""The differential run of ASGI: uvicorn, and a Worker on the fakes."""

from __future__ import annotations

import pytest

from tests.differential.asgi_exchanges import KNOWN, SETS_LENGTH, compare
from tests.differential.conftest import SEED


@pytest.mark.asyncio
async def test_application_sees_and_answers_the_same_as_under_uvicorn() -> None:
    report = await compare(SEED, range(250))
    if report.difference:
        pytest.fail(str(report), pytrace=False)
    assert report.exchanges == 250
    # A known difference that no exchange shows has gone, or the exchanges are too few.
    seen = {reason for reason, count in report.explained.items() if count}
    assert seen == {reason for reason, _ in KNOWN} | {SETS_LENGTH}
