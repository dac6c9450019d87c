"""The fake version metadata: data that a test passes."""

from __future__ import annotations

from datetime import datetime, timezone

from pyworkers_sdk import Env, VersionMetadata
from pyworkers_sdk.testing import fake

NOON = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)


class AppEnv(Env):
    VERSION: VersionMetadata


def test_a_dict_is_accepted_as_version_metadata() -> None:
    data = {"id": "1", "tag": "v1", "timestamp": "2026-07-01T12:00:00.000Z"}
    version = fake(AppEnv, VERSION=data).VERSION
    assert (version.id, version.tag, version.timestamp) == ("1", "v1", NOON)
    assert version.js_object == data
