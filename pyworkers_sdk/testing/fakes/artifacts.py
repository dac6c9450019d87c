"""Artifacts over memory: ``FakeArtifacts``, and ``push_commit`` in place of git.

Nothing of this fake was verified against the service. Shapes, limits and codes follow Cloudflare's
types and documentation; error messages are the fake's own. Objects have the hashes that git gives
them (https://git-scm.com/book/en/v2/Git-Internals-Git-Objects), and times of commits are in
seconds, as in git.
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

# The documented codes and numbers, with messages of this fake.
MESSAGES = {
    "INVALID_INPUT": (10100, "{}"),
    "INVALID_REPO_NAME": (10101, "{!r} is no name of a repository"),
    "INVALID_TTL": (10103, "a token lasts 60 to 31536000 seconds"),
    "NOT_FOUND": (10200, "there is no repository {}"),
    "ALREADY_EXISTS": (10201, "there is a repository {} already"),
}
NOT_HTTPS = "the source is no HTTPS URL"
NO_TOKEN = "there is no token given"

# Seconds; the default lifetime of a token is a day.
TTL, MIN_TTL, MAX_TTL = 86_400, 60, 31_536_000
REPOS_PER_PAGE = 50


def _error(code: str, value: object = None) -> JsException:
    number, message = MESSAGES[code]
    error = JsException("ArtifactsError", message.format(value))
    vars(error).update(code=code, numericCode=number)
    return error


@yields_to_others
class FakeArtifacts:
    """JS: Artifacts."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        self.clock: Clock = clock or Clock()
        self.repos: dict[str, FakeArtifactsRepo] = {}
        self._numbers = count(1)

    def next_id(self, prefix: str) -> str:
        return f"{prefix}-{next(self._numbers)}"

    async def create(self, name: str, opts: dict[str, Any], /) -> Any:
        repo = self.new_repo(name, opts, opts.get("setDefaultBranch", "main"), None)
        return await _create_result(repo)

    def new_repo(
        self, name: str, opts: dict[str, Any], branch: str, source: str | None
    ) -> FakeArtifactsRepo:
        if not re.fullmatch(r"[A-Za-z0-9._-]+", name):
            raise _error("INVALID_REPO_NAME", name)
        if name in self.repos:
            raise _error("ALREADY_EXISTS", name)
        now = stamp(self.clock)
        properties = {
            "id": self.next_id("repo"),
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
        self.repos[name] = FakeArtifactsRepo(self, properties)
        return self.repos[name]

    async def get(self, name: str, /) -> FakeArtifactsRepo:
        if name not in self.repos:
            raise _error("NOT_FOUND", name)
        return self.repos[name]

    async def _import(self, params: dict[str, Any], /) -> Any:
        # A fake has no network: the repository has the right properties, and no commits.
        source, target = params["source"], params["target"]
        if not source["url"].startswith("https://"):
            raise _error("INVALID_INPUT", NOT_HTTPS)
        branch = source.get("branch", "main")
        repo = self.new_repo(target["name"], target.get("opts", {}), branch, source["url"])
        return await _create_result(repo)

    async def list(self, opts: dict[str, Any], /) -> Any:
        # The cursor of this fake is the number of the next entry; to its users it is opaque.
        start, size = int(opts.get("cursor", "0")), int(opts.get("limit", REPOS_PER_PAGE))
        # A list leaves out the URL for git.
        infos = [
            {key: value for key, value in repo.properties.items() if key != "remote"}
            for repo in self.repos.values()
        ]
        page: dict[str, Any] = {"repos": infos[start : start + size], "total": len(infos)}
        if start + size < len(infos):
            page["cursor"] = str(start + size)
        return page

    async def delete(self, name: str, /) -> bool:
        return self.repos.pop(name, None) is not None


# "import" is a Python keyword, so no ``def`` can have this name.
setattr(FakeArtifacts, "import", vars(FakeArtifacts)["_import"])


async def _create_result(repo: FakeArtifactsRepo) -> Any:
    """Return the answer to ``create``, ``import`` and ``fork``, with a new token."""
    token = (await repo.createToken())["plaintext"]
    names = ("id", "name", "description", "defaultBranch", "remote")
    return {**{name: repo.properties[name] for name in names}, "token": token}


@yields_to_others
class FakeArtifactsRepo:
    """JS: ArtifactsRepo.

    ``objects`` maps hashes to blobs (bytes), trees (lists of entries) and commits (dicts), and
    ``branches`` maps names to the hashes of commits.
    """

    def __init__(self, artifacts: FakeArtifacts, properties: dict[str, Any]) -> None:
        self.properties = properties
        self.objects: dict[str, Any] = {}
        self.branches: dict[str, str] = {}
        self._artifacts = artifacts
        self._tokens: dict[str, dict[str, Any]] = {}

    # ``with repo:`` disposes of the RPC stub in production; here the repository itself is the stub.
    def __dispose__(self) -> None: ...

    async def info(self) -> Any:
        return dict(self.properties)

    # Tokens --------------------------------------------------------------------------------------

    async def createToken(self, scope: str = "write", ttl: int = TTL, /) -> Any:
        if not MIN_TTL <= ttl <= MAX_TTL:
            raise _error("INVALID_TTL")
        token_id, now = self._artifacts.next_id("token"), self._artifacts.clock.datetime()
        expires = now + timedelta(seconds=ttl)
        plaintext = f"art_v1_{token_id}"
        token = {"id": token_id, "scope": scope, "createdAt": _iso(now), "expiresAt": _iso(expires)}
        self._tokens[token_id] = {**token, "plaintext": plaintext, "expires": expires}
        return {
            "id": token_id,
            "plaintext": plaintext,
            "scope": scope,
            "expiresAt": _iso(expires),
        }

    async def listTokens(self) -> Any:
        now = self._artifacts.clock.datetime()
        tokens = [
            {
                **{name: token[name] for name in ("id", "scope", "createdAt", "expiresAt")},
                # Only a revoked token stores its state.
                "state": token.get("state", "active" if now < token["expires"] else "expired"),
            }
            for token in self._tokens.values()
        ]
        return {"tokens": tokens, "total": len(tokens)}

    async def revokeToken(self, tokenOrId: str, /) -> bool:
        if not tokenOrId:
            raise _error("INVALID_INPUT", NO_TOKEN)
        for token in self._tokens.values():
            if tokenOrId in (token["id"], token["plaintext"]):
                token["state"] = "revoked"
                return True
        return False

    # Objects -------------------------------------------------------------------------------------

    async def readBlob(self, hash: str, /) -> Any:
        data = self._object(hash, bytes)
        return None if data is None else web.Blob.new([data])

    async def readTree(self, hash: str, /) -> Any:
        return self._object(hash, list)

    async def readCommit(self, hash: str, /) -> Any:
        return self._object(hash, dict)

    def _object(self, hash: str, type: type[Any]) -> Any:
        # An object of another type counts as missing (contract check
        # test_trees_and_blobs_are_read_by_hash).
        value = self.objects.get(hash)
        return value if isinstance(value, type) else None

    async def readFile(self, args: dict[str, Any], /) -> Any:
        commit = self._object(self._commit_of(args["ref"]), dict)
        # Follow the path from tree to tree; "" is the hash of nothing.
        hash: str = commit["treeHash"] if commit else ""
        for name in args["path"].split("/"):
            entries: list[dict[str, Any]] = self._object(hash, list) or []
            hash = next((entry["hash"] for entry in entries if entry["name"] == name), "")
        return await self.readBlob(hash)

    async def log(self, opts: dict[str, Any], /) -> Any:
        commits: list[Any] = []
        ref = opts.get("ref", self.properties["defaultBranch"])
        commit = self._object(self._commit_of(ref), dict)
        while commit:
            commits.append(commit)
            commit = self.objects[commit["parents"][0]] if commit["parents"] else None
        start = int(opts.get("offset", 0))
        return commits[start : start + int(opts.get("limit", len(commits)))]

    def _commit_of(self, ref: str) -> str:
        """Return the hash of a branch's commit; any other ref is a hash already."""
        return self.branches.get(ref.removeprefix("refs/heads/"), ref)

    async def fork(self, name: str, opts: dict[str, Any], /) -> Any:
        branch = self.properties["defaultBranch"]
        source = f"artifacts:default/{self.properties['name']}"
        copy = self._artifacts.new_repo(name, opts, branch, source)
        copy.objects = dict(self.objects)
        only_default = opts.get("defaultBranchOnly", True)
        copy.branches = {
            key: commit
            for key, commit in self.branches.items()
            if not only_default or key == branch
        }
        return await _create_result(copy)

    # Commits, in git's formats -------------------------------------------------------------------

    def push(
        self, files: Mapping[str, bytes], message: str, author: tuple[str, str], branch: str | None
    ) -> str:
        """Store a commit on a branch, and return its hash."""
        branch = branch or str(self.properties["defaultBranch"])
        tree = self._store_tree(files)
        parents = [self.branches[branch]] if branch in self.branches else []
        now = int(self._artifacts.clock.now() // 1000)
        person = {"name": author[0], "email": author[1]}
        signature = f"{person['name']} <{person['email']}> {now} +0000"
        lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
        lines += [f"author {signature}", f"committer {signature}", "", message]
        commit: dict[str, Any] = {"treeHash": tree, "message": message, "parents": parents}
        commit.update(author=person, committer=person, authoredAt=now, committedAt=now)
        commit["hash"] = self._store("commit", "\n".join(lines).encode(), commit)
        self.branches[branch] = commit["hash"]
        self.properties["lastPushAt"] = self.properties["updatedAt"] = stamp(self._artifacts.clock)
        return str(commit["hash"])

    def _store(self, object_type: str, body: bytes, value: Any) -> str:
        # git hashes a header before the object: its type, a space, its length and a zero byte.
        header = f"{object_type} {len(body)}\0".encode()
        hash = sha1(header + body, usedforsecurity=False).hexdigest()
        self.objects[hash] = value
        return hash

    def _store_tree(self, files: Mapping[str, bytes]) -> str:
        folders: dict[str, dict[str, bytes]] = {}
        entries: list[dict[str, Any]] = []
        for path, data in files.items():
            name, slash, rest = path.partition("/")
            if slash:
                folders.setdefault(name, {})[rest] = data
            else:
                hash = self._store("blob", data, data)
                entries.append({"name": name, "mode": "100644", "hash": hash, "type": "blob"})
        for name, inner in folders.items():
            hash = self._store_tree(inner)
            entries.append({"name": name, "mode": "40000", "hash": hash, "type": "tree"})
        # git orders a folder as if its name ended with a slash: "docs.txt" comes before "docs".
        entries.sort(key=lambda entry: entry["name"] + "/" * (entry["type"] == "tree"))
        body = b"".join(
            f"{entry['mode']} {entry['name']}\0".encode() + bytes.fromhex(entry["hash"])
            for entry in entries
        )
        return self._store("tree", body, entries)


def _iso(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds")[:-6] + "Z"


def push_commit(
    binding: Artifacts,
    repo: str,
    files: Mapping[str, bytes],
    *,
    message: str = "",
    author: tuple[str, str] = ("Test", "test@example.com"),
    branch: str | None = None,
) -> str:
    """Store a commit in a repository of a fake, as ``git push`` does, and return its hash.

    ::

        push_commit(env.REPOS, "site", {"docs/index.md": b"# Hello"}, message="Start")

    Args:
        binding: The binding, from ``fake()``.
        repo: The name of the repository; it is created if it is missing.
        files: All files of the commit, by path. Files that are left out are removed.
        message: The message of the commit.
        author: The name and email address of the author.
        branch: The branch; the default branch by default.

    Raises:
        TypeError: ``binding`` is not an Artifacts binding that ``fake()`` returned.
    """
    inside = raw(binding)
    if not isinstance(inside, FakeArtifacts):
        raise TypeError(
            f"push_commit(): expected an Artifacts that fake() made, got {type(binding).__name__}"
        )
    target = inside.repos.get(repo) or inside.new_repo(repo, {}, "main", None)
    return target.push(files, message, author, branch)
