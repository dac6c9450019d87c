"""Artifacts over memory: ``FakeArtifacts``, and ``push_commit`` in place of git.

A stand-in: nothing of it was seen on the service. Shapes, limits and codes are those of its types
and its documentation; messages of errors are its own. Objects have the hashes that git gives them,
and times of commits are in seconds, as git has them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha1
from itertools import count
from typing import Any

from ..._border import raw, web
from ..._cpython.js_exception import JsException
from ...artifacts import Artifacts
from .._clock import Clock
from ..runtime.scheduling import yields_to_others
from .text_search import stamp

__all__ = ["FakeArtifacts", "FakeArtifactsRepo", "push_commit"]

_CODES = {
    "ALREADY_EXISTS": 10201,
    "NOT_FOUND": 10200,
    "INVALID_INPUT": 10100,
    "INVALID_REPO_NAME": 10101,
    "INVALID_TTL": 10103,
}


def _refused(code: str, message: str) -> JsException:
    error = JsException("ArtifactsError", message)
    vars(error).update(code=code, numericCode=_CODES[code])
    return error


@yields_to_others
class FakeArtifacts:
    """JS: Artifacts."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        self.clock: Clock = clock or Clock()
        self._numbers = count(1)
        self._repos: dict[str, FakeArtifactsRepo] = {}

    async def create(self, name: str, opts: dict[str, Any], /) -> Any:
        return await self._new(name, opts, opts.get("setDefaultBranch", "main"), None)._made()

    def _new(
        self, name: str, opts: dict[str, Any], branch: str, source: str | None
    ) -> FakeArtifactsRepo:
        if not re.fullmatch(r"[A-Za-z0-9._-]+", name):
            raise _refused("INVALID_REPO_NAME", f"{name!r} is no name of a repository")
        if name in self._repos:
            raise _refused("ALREADY_EXISTS", f"there is a repository {name} already")
        now = stamp(self.clock)
        info = {
            "id": f"repo-{next(self._numbers)}",
            "name": name,
            "description": opts.get("description"),
            "defaultBranch": branch,
            "createdAt": now,
            "updatedAt": now,
            "lastPushAt": None,
            "source": source,
            "readOnly": opts.get("readOnly", False),
            "remote": f"https://artifacts.example/git/default/{name}.git",
        }
        self._repos[name] = FakeArtifactsRepo(self, info)
        return self._repos[name]

    async def get(self, name: str, /) -> FakeArtifactsRepo:
        if name not in self._repos:
            raise _refused("NOT_FOUND", f"there is no repository {name}")
        return self._repos[name]

    async def _import(self, params: dict[str, Any], /) -> Any:
        """Without what is in the other repository."""
        source, target = params["source"], params["target"]
        if not source["url"].startswith("https://"):
            raise _refused("INVALID_INPUT", "the source is no HTTPS URL")
        branch = source.get("branch", "main")
        return await self._new(
            target["name"], target.get("opts", {}), branch, source["url"]
        )._made()

    async def list(self, opts: dict[str, Any], /) -> Any:
        start, size = int(opts.get("cursor", "0")), int(opts.get("limit", 50))
        infos = [
            {key: value for key, value in repo._info.items() if key != "remote"}
            for repo in self._repos.values()
        ]
        page: dict[str, Any] = {"repos": infos[start : start + size], "total": len(infos)}
        if start + size < len(infos):
            page["cursor"] = str(start + size)
        return page

    async def delete(self, name: str, /) -> bool:
        return self._repos.pop(name, None) is not None


setattr(FakeArtifacts, "import", FakeArtifacts._import)


@yields_to_others
class FakeArtifactsRepo:
    """JS: ArtifactsRepo."""

    def __init__(self, artifacts: FakeArtifacts, info: dict[str, Any]) -> None:
        self._artifacts = artifacts
        self._info = info
        self._tokens: dict[str, dict[str, Any]] = {}
        self._objects: dict[str, Any] = {}
        self._branches: dict[str, str] = {}

    def _dispose(self) -> None: ...

    async def _made(self) -> Any:
        token = (await self.createToken())["plaintext"]
        names = ("id", "name", "description", "defaultBranch", "remote")
        return {**{name: self._info[name] for name in names}, "token": token}

    async def info(self) -> Any:
        return dict(self._info)

    async def createToken(self, scope: str = "write", ttl: int = 86400, /) -> Any:
        if not 60 <= ttl <= 31536000:
            raise _refused("INVALID_TTL", "a token lasts 60 to 31536000 seconds")
        number, now = f"token-{next(self._artifacts._numbers)}", self._artifacts.clock.datetime()
        ends = now + timedelta(seconds=ttl)
        token = {"id": number, "scope": scope, "createdAt": _iso(now), "expiresAt": _iso(ends)}
        self._tokens[number] = {**token, "plaintext": f"art_v1_{number}", "ends": ends}
        return {
            "id": number,
            "plaintext": f"art_v1_{number}",
            "scope": scope,
            "expiresAt": _iso(ends),
        }

    async def listTokens(self) -> Any:
        now = self._artifacts.clock.datetime()
        tokens = [
            {
                **{name: one[name] for name in ("id", "scope", "createdAt", "expiresAt")},
                "state": one.get("state", "active" if now < one["ends"] else "expired"),
            }
            for one in self._tokens.values()
        ]
        return {"tokens": tokens, "total": len(tokens)}

    async def revokeToken(self, tokenOrId: str, /) -> bool:
        if not tokenOrId:
            raise _refused("INVALID_INPUT", "there is no token given")
        for one in self._tokens.values():
            if tokenOrId in (one["id"], one["plaintext"]):
                one["state"] = "revoked"
                return True
        return False

    async def readBlob(self, hash: str, /) -> Any:
        found = self._object(hash, bytes)
        return None if found is None else web.Blob.new([found])

    async def readTree(self, hash: str, /) -> Any:
        return self._object(hash, list)

    async def readCommit(self, hash: str, /) -> Any:
        return self._object(hash, dict)

    def _object(self, hash: str, kind: type[Any]) -> Any:
        found = self._objects.get(hash)
        return found if isinstance(found, kind) else None

    async def readFile(self, args: dict[str, Any], /) -> Any:
        commit = self._object(self._commit(args["ref"]), dict)
        found: str = commit["treeHash"] if commit else ""
        for part in args["path"].split("/"):
            entries: list[dict[str, Any]] = self._object(found, list) or []
            found = next((one["hash"] for one in entries if one["name"] == part), "")
        return await self.readBlob(found)

    async def log(self, opts: dict[str, Any], /) -> Any:
        found: list[Any] = []
        commit = self._object(self._commit(opts.get("ref", self._info["defaultBranch"])), dict)
        while commit:
            found.append(commit)
            commit = self._objects[commit["parents"][0]] if commit["parents"] else None
        start = int(opts.get("offset", 0))
        return found[start : start + int(opts.get("limit", len(found)))]

    def _commit(self, ref: str) -> str:
        return self._branches.get(ref.removeprefix("refs/heads/"), ref)

    async def fork(self, name: str, opts: dict[str, Any], /) -> Any:
        branch = self._info["defaultBranch"]
        made = self._artifacts._new(name, opts, branch, f"artifacts:default/{self._info['name']}")
        made._objects = dict(self._objects)
        one = opts.get("defaultBranchOnly", True)
        made._branches = {
            key: commit for key, commit in self._branches.items() if not one or key == branch
        }
        return await made._made()

    def _stored(self, kind: str, body: bytes, value: Any) -> str:
        hash = sha1(f"{kind} {len(body)}\0".encode() + body, usedforsecurity=False).hexdigest()
        self._objects[hash] = value
        return hash

    def _tree(self, files: Mapping[str, bytes]) -> str:
        folders: dict[str, dict[str, bytes]] = {}
        entries: list[dict[str, Any]] = []
        for path, data in files.items():
            name, slash, rest = path.partition("/")
            if slash:
                folders.setdefault(name, {})[rest] = data
            else:
                hash = self._stored("blob", data, data)
                entries.append({"name": name, "mode": "100644", "hash": hash, "type": "blob"})
        for name, inner in folders.items():
            hash = self._tree(inner)
            entries.append({"name": name, "mode": "40000", "hash": hash, "type": "tree"})
        entries.sort(key=lambda one: one["name"] + "/" * (one["type"] == "tree"))
        body = b"".join(
            f"{one['mode']} {one['name']}\0".encode() + bytes.fromhex(one["hash"])
            for one in entries
        )
        return self._stored("tree", body, entries)

    def _push(
        self, files: Mapping[str, bytes], message: str, author: tuple[str, str], branch: str | None
    ) -> str:
        branch = branch or str(self._info["defaultBranch"])
        tree = self._tree(files)
        parents = [self._branches[branch]] if branch in self._branches else []
        at = int(self._artifacts.clock.now() // 1000)
        person = {"name": author[0], "email": author[1]}
        signed = f"{person['name']} <{person['email']}> {at} +0000"
        lines = [f"tree {tree}", *(f"parent {one}" for one in parents)]
        lines += [f"author {signed}", f"committer {signed}", "", message]
        commit: dict[str, Any] = {"treeHash": tree, "message": message, "parents": parents}
        commit.update(author=person, committer=person, authoredAt=at, committedAt=at)
        commit["hash"] = self._stored("commit", "\n".join(lines).encode(), commit)
        self._branches[branch] = commit["hash"]
        self._info["lastPushAt"] = self._info["updatedAt"] = stamp(self._artifacts.clock)
        return str(commit["hash"])


def _iso(when: datetime) -> str:
    return when.isoformat(timespec="milliseconds")[:-6] + "Z"


def push_commit(
    binding: Artifacts,
    repo: str,
    files: Mapping[str, bytes],
    *,
    message: str = "",
    author: tuple[str, str] = ("Test", "test@example.com"),
    branch: str | None = None,
) -> str:
    """Put a commit into a repository of a fake, as ``git push`` would; gives its hash.

    ::

        push_commit(env.REPOS, "site", {"docs/index.md": b"# Hello"}, message="Start")

    ``files`` are all that the branch has from then on; it is the default one unless named. A
    repository that is not there is made.
    """
    inside = raw(binding)
    if not isinstance(inside, FakeArtifacts):
        raise TypeError(f"push_commit() takes one that fake() made, not {type(binding).__name__}")
    found = inside._repos.get(repo) or inside._new(repo, {}, "main", None)
    return found._push(files, message, author, branch)
