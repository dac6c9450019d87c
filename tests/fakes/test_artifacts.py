"""``FakeArtifacts``: git hashes, branches, forks and tokens, with ``push_commit``."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from pyworkers_sdk import Artifacts
from pyworkers_sdk.testing import Clock, fake, push_commit

NOON = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)


@pytest.mark.asyncio
async def test_commit_hashes_equal_those_of_git() -> None:
    repos = fake(Artifacts, clock=Clock(NOON))
    files = {"docs/a.md": "über\n".encode(), "docs.txt": b"b", "index.md": b"# Hello\n"}
    ann = ("Ann", "ann@example.com")
    # The hashes that git itself computes for these files and times.
    first = push_commit(repos, "site", files, message="Start", author=ann)
    assert first == "8c6073cb6dd01c9159124df63b6c83ecc24c3329"
    files["index.md"] = b"# Hello again\n"
    assert (
        push_commit(repos, "site", files, message="Again", author=ann)
        == "8dbc2977c0622b2fe7e40a24185f90c3eb307b72"
    )
    log = await (await repos.get("site")).log()
    assert log[0].tree_hash == "49f13ad4b9e41a100e6c654c4c65f07cca80681a"
    with pytest.raises(
        TypeError, match=r"^push_commit\(\): expected an Artifacts that fake\(\) made, got str$"
    ):
        push_commit("a", "site", {})  # type: ignore[arg-type]


@pytest.mark.asyncio
async def test_fork_copies_the_default_branch_or_all() -> None:
    repos = fake(Artifacts, clock=Clock(NOON))
    await repos.create("site", set_default_branch="trunk")
    push_commit(repos, "site", {"a": b"1"})
    push_commit(repos, "site", {"a": b"2"}, branch="next")
    site = await repos.get("site")
    info = await site.info()
    assert info.last_push_at == info.updated_at == NOON
    assert len(await site.log(ref="next")) == 1
    await site.fork("one")
    await site.fork("all", default_branch_only=False)
    assert await (await repos.get("one")).read_file(ref="next", path="a") is None
    file = await (await repos.get("all")).read_file(ref="next", path="a")
    assert file is not None
    assert await file.bytes() == b"2"


@pytest.mark.asyncio
async def test_tokens_expire() -> None:
    clock = Clock(NOON)
    repos = fake(Artifacts, clock=clock)
    created = await repos.create("site")
    site = await repos.get("site")
    hour = await site.create_token("read", timedelta(hours=1))
    assert hour.expires_at == NOON + timedelta(hours=1)
    clock.advance(3600)
    states = [token.state for token in (await site.list_tokens()).tokens]
    assert states == ["active", "expired"]
    assert await site.revoke_token(created.token) is True
