"""Artifacts, as documented; "site" is a repository with two commits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pyworkers_sdk import (
    Artifacts,
    ArtifactsError,
    ArtifactsRepo,
    BindingError,
    Blob,
    ConversionError,
)
from tests.contract.kit import raises
from tests.contract.workers import AppEnv


async def refused(call: Any, code: str, number: int) -> None:
    with raises(ArtifactsError) as caught:
        await call
    assert (caught.value.js_name, caught.value.code) == ("ArtifactsError", code)
    assert caught.value.numeric_code == number


async def site(app: AppEnv) -> ArtifactsRepo:
    return await app.REPOS.get("site")


async def test_repository_is_created_described_and_deleted(app: AppEnv) -> None:
    created = await app.REPOS.create(
        "a.repo_1", description="Über", read_only=True, set_default_branch="trunk"
    )
    assert created[1:4] == ("a.repo_1", "Über", "trunk")
    assert created.remote.startswith("https://")
    assert created.token
    repo = await app.REPOS.get("a.repo_1")
    info = await repo.info()
    assert (info.id, info.name, info.read_only, info.source) == (created.id, "a.repo_1", True, None)
    assert (info.last_push_at, info.remote) == (None, created.remote)
    assert info.created_at.utcoffset() == timedelta()
    assert info.updated_at == info.created_at
    assert await repo.log() == []
    assert await app.REPOS.delete("a.repo_1") is True
    assert await app.REPOS.delete("a.repo_1") is False
    plain = await app.REPOS.create("plain")
    assert (plain.description, plain.default_branch) == (None, "main")


async def test_errors_have_codes_and_numbers(app: AppEnv) -> None:
    await app.REPOS.create("twice")
    await refused(app.REPOS.create("twice"), "ALREADY_EXISTS", 10201)
    await refused(app.REPOS.create("a/b"), "INVALID_REPO_NAME", 10101)
    await refused(app.REPOS.get("nowhere"), "NOT_FOUND", 10200)


async def test_list_is_paginated_without_remotes(app: AppEnv) -> None:
    for name in ("list-1", "list-2"):
        await app.REPOS.create(name)
    page = await app.REPOS.list(limit=1)
    assert len(page.repos) == 1
    names: list[str] = []
    while True:
        names += [repo.name for repo in page.repos]
        assert all(repo.remote is None for repo in page.repos)
        if page.cursor is None:
            break
        page = await app.REPOS.list(limit=1, cursor=page.cursor)
    assert {"site", "list-1", "list-2"} <= set(names)
    assert page.total == len(names)


async def test_import_checks_url_and_options(app: AppEnv) -> None:
    url = "https://github.com/cloudflare/workerd"
    created = await app.REPOS.import_(
        source={"url": url, "branch": "dev", "depth": 1},
        target={"name": "imported", "opts": {"read_only": True, "description": "A copy"}},
    )
    assert (created.default_branch, created.description) == ("dev", "A copy")
    info = await (await app.REPOS.get("imported")).info()
    assert (info.source, info.read_only) == (url, True)
    insecure = app.REPOS.import_(source={"url": "http://a.example"}, target={"name": "b"})
    await refused(insecure, "INVALID_INPUT", 10100)
    unknown: Any = {"name": "b", "opts": {"readOnly": True}}
    with raises(
        ConversionError, match=r"^target.opts: unknown key 'readOnly'; did you mean read_only\?"
    ):
        await app.REPOS.import_(source={"url": url}, target=unknown)


async def test_tokens_are_created_listed_and_revoked(app: AppEnv) -> None:
    await app.REPOS.create("tokens")
    repo = await app.REPOS.get("tokens")
    read = await repo.create_token("read", 3600)
    day = await repo.create_token()
    hour = await repo.create_token(ttl=timedelta(hours=1))
    assert [token.scope for token in (read, day, hour)] == ["read", "write", "write"]
    assert timedelta(hours=22) < day.expires_at - hour.expires_at < timedelta(hours=24)
    tokens = await repo.list_tokens()
    assert tokens.total == 4  # one was made with the repository
    listed = next(token for token in tokens.tokens if token.id == read.id)
    assert (listed.scope, listed.state, listed.expires_at) == ("read", "active", read.expires_at)
    assert listed.expires_at - listed.created_at == timedelta(hours=1)
    assert await repo.revoke_token(read.plaintext) is True
    assert await repo.revoke_token(day.id) is True
    assert await repo.revoke_token("none") is False
    states = {token.id: token.state for token in (await repo.list_tokens()).tokens}
    assert (states[read.id], states[day.id], states[hour.id]) == ("revoked", "revoked", "active")
    await refused(repo.create_token("read", 59), "INVALID_TTL", 10103)
    await refused(repo.revoke_token(""), "INVALID_INPUT", 10100)


async def test_read_file_by_ref_and_path(app: AppEnv) -> None:
    repo = await site(app)
    file = await repo.read_file(ref="main", path="docs/a.md")
    assert isinstance(file, Blob)
    assert await file.bytes() == "über\n".encode()
    for ref in ("main", "refs/heads/main"):
        index = await repo.read_file(ref=ref, path="index.md")
        assert index is not None
        assert await index.text() == "# Hello again\n"
    assert await repo.read_file(ref="main", path="docs") is None
    assert await repo.read_file(ref="main", path="docs/b.md") is None
    assert await repo.read_file(ref="nowhere", path="index.md") is None


async def test_log_and_read_commit(app: AppEnv) -> None:
    repo = await site(app)
    last, first = await repo.log()
    assert (last.message, first.message, first.parents) == ("Again", "Start", [])
    assert last.parents == [first.hash]
    assert tuple(last.author) == ("Ann", "ann@example.com")
    assert last.committer.name == "Ann"
    assert last.committed_at == last.authored_at > 1_700_000_000
    assert await repo.log(limit=1) == [last]
    assert await repo.log(offset=1) == [first]
    assert await repo.log(ref=first.hash) == [first]
    assert await repo.read_commit(first.hash) == first
    old = await repo.read_file(ref=first.hash, path="index.md")
    assert old is not None
    assert await old.text() == "# Hello\n"


async def test_trees_and_blobs_are_read_by_hash(app: AppEnv) -> None:
    repo = await site(app)
    commit = (await repo.log(limit=1))[0]
    tree = await repo.read_tree(commit.tree_hash)
    assert tree is not None
    assert [(entry.name, entry.type, entry.mode) for entry in tree] == [
        ("docs.txt", "blob", "100644"),
        ("docs", "tree", "40000"),
        ("index.md", "blob", "100644"),
    ]
    blob = await repo.read_blob(tree[0].hash)
    assert blob is not None
    assert await blob.text() == "b"
    assert await repo.read_blob(commit.tree_hash) is None
    assert await repo.read_tree(tree[0].hash) is None
    assert await repo.read_commit(tree[0].hash) is None
    assert await repo.read_commit("0" * 40) is None


async def test_fork_copies_commits(app: AppEnv) -> None:
    repo = await site(app)
    created = await repo.fork(
        "forked", description="Mine", read_only=True, default_branch_only=True
    )
    assert (created.name, created.description) == ("forked", "Mine")
    with await app.REPOS.get("forked") as fork:
        assert len(await fork.log()) == 2
        info = await fork.info()
    assert (info.read_only, info.source is not None) == (True, True)
    await refused(repo.fork("forked"), "ALREADY_EXISTS", 10201)


async def test_wrong_binding_type_is_rejected(env: Any, app: AppEnv) -> None:
    with raises(BindingError):
        Artifacts(env.DATA)
    with raises(ConversionError, match="^name: expected str, got int$"):
        await app.REPOS.create(1)  # type: ignore[arg-type]
