"""The fake secret: ``secret``, and faults."""

from __future__ import annotations

import pytest

from pyworkers_sdk import Env, SecretsStoreSecret, WorkersError
from pyworkers_sdk.testing import fake, faults, secret


class AppEnv(Env):
    TOKEN: SecretsStoreSecret


@pytest.mark.asyncio
async def test_secret_creates_a_fake_with_a_value() -> None:
    env = fake(AppEnv, TOKEN=secret("s3cret"))
    assert await env.TOKEN.get() == "s3cret"
    faults(env.TOKEN).fail("store unreachable")
    with pytest.raises(WorkersError, match=r"(?m)^store unreachable$"):
        await env.TOKEN.get()
