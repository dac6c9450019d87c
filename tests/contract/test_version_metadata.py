"""The version of the Worker."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any

from pyworkers_sdk import BindingError, VersionMetadata
from tests.contract.kit import only, raises
from tests.contract.workers import AppEnv


async def test_the_version_has_an_id_and_a_time(app: AppEnv) -> None:
    version = app.DEPLOYED
    assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", version.id)
    assert version.tag == ""
    assert version.timestamp.utcoffset() == timedelta()
    assert abs(datetime.now(timezone.utc) - version.timestamp) < timedelta(hours=1)
    assert repr(version) == f"<VersionMetadata {version.id} ''>"


@only(
    "node", "workerd", reason="the stand-in has a version with a tag; a fake has what it is given"
)
async def test_a_version_may_have_a_tag(env: Any) -> None:
    version = VersionMetadata(env.VERSION)
    assert version.tag == "v1"
    assert version.timestamp == datetime(2026, 7, 1, 12, tzinfo=timezone.utc)


async def test_wrong_binding_type_is_refused(app: AppEnv) -> None:
    for wrong in (None, "text", 1):
        with raises(BindingError, match="^VersionMetadata: expected a binding, got "):
            VersionMetadata(wrong)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
