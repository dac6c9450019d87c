"""The fake feature flags: flags that a test sets."""

from __future__ import annotations

import pytest

from pyworkers_sdk import Env, Flagship
from pyworkers_sdk.testing import fake, flags


class AppEnv(Env):
    FLAGS: Flagship


@pytest.mark.asyncio
async def test_flags_can_be_set_and_removed() -> None:
    env = fake(AppEnv)
    flags(env.FLAGS)["new"] = True
    assert await env.FLAGS.get_boolean_value("new", False) is True
    flags(env.FLAGS)["new"] = lambda context: context.get("plan") == "pro"
    assert await env.FLAGS.get_boolean_value("new", True) is False
    assert await env.FLAGS.get_boolean_value("new", True, {"plan": "pro"}) is True
    del flags(env.FLAGS)["new"]
    assert (await env.FLAGS.get_boolean_details("new", False)).error_code == "FLAG_NOT_FOUND"
