"""Artifacts, git repositories that a Worker makes: ``Artifacts``."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, NotRequired, Self, TypedDict

from ._border import binding, dumps, from_json, raising, raw, seconds, text
from ._border.rpc import dispose
from ._options import js_bag, js_options, list_of, named_tuple
from ._remote_object import RemoteObject
from ._times import from_iso
from .blob import Blob
from .errors import ArtifactsError

if TYPE_CHECKING:
    from . import _js

__all__ = [
    "Artifacts",
    "ArtifactsAuthor",
    "ArtifactsCommitMetadata",
    "ArtifactsCreateRepoResult",
    "ArtifactsCreateTokenResult",
    "ArtifactsImportSource",
    "ArtifactsImportTarget",
    "ArtifactsRepo",
    "ArtifactsRepoInfo",
    "ArtifactsRepoListResult",
    "ArtifactsTokenInfo",
    "ArtifactsTokenListResult",
    "ArtifactsTreeEntry",
]

_raising = raising(ArtifactsError)


class ArtifactsRepoInfo(NamedTuple):
    """A repository; ``remote`` is the URL for git, None in a listing.

    ``source`` is where it was forked or imported from, such as "github:owner/repo".
    JS: ArtifactsRepoInfo.
    """

    id: str
    name: str
    description: str | None
    default_branch: str
    created_at: datetime
    updated_at: datetime
    last_push_at: datetime | None
    source: str | None
    read_only: bool
    remote: str | None


class ArtifactsCreateRepoResult(NamedTuple):
    """A new repository, and a token for it, which nothing shows again.

    JS: ArtifactsCreateRepoResult.
    """

    id: str
    name: str
    description: str | None
    default_branch: str
    remote: str
    token: str


class ArtifactsRepoListResult(NamedTuple):
    """A page of ``total`` repositories; ``cursor`` asks for the next and is None on the last.

    JS: ArtifactsRepoListResult.
    """

    repos: list[ArtifactsRepoInfo]
    total: int
    cursor: str | None


class ArtifactsCreateTokenResult(NamedTuple):
    """A new token; nothing shows its ``plaintext`` again. JS: ArtifactsCreateTokenResult."""

    id: str
    plaintext: str
    scope: Literal["read", "write"]
    expires_at: datetime


class ArtifactsTokenInfo(NamedTuple):
    """What is known of a token. JS: ArtifactsTokenInfo."""

    id: str
    scope: Literal["read", "write"]
    state: Literal["active", "expired", "revoked"]
    created_at: datetime
    expires_at: datetime


class ArtifactsTokenListResult(NamedTuple):
    """JS: ArtifactsTokenListResult."""

    tokens: list[ArtifactsTokenInfo]
    total: int


class ArtifactsTreeEntry(NamedTuple):
    """What a directory holds; ``mode`` as git has it, "100644". JS: ArtifactsTreeEntry."""

    name: str
    mode: str
    hash: str
    type: Literal["tree", "blob", "symlink", "gitlink", "exec"]


class ArtifactsAuthor(NamedTuple):
    """Who made a commit."""

    name: str
    email: str


class ArtifactsCommitMetadata(NamedTuple):
    """A commit; its times are numbers as the service gives them. JS: ArtifactsCommitMetadata."""

    hash: str
    tree_hash: str
    message: str
    author: ArtifactsAuthor
    committer: ArtifactsAuthor
    parents: list[str]
    authored_at: float
    committed_at: float


class ArtifactsImportSource(TypedDict):
    """A repository to copy: its HTTPS URL; all of its default branch unless said otherwise."""

    url: str
    branch: NotRequired[str]
    depth: NotRequired[int]


class ArtifactsImportOptions(TypedDict, total=False):
    description: str
    read_only: bool


class ArtifactsImportTarget(TypedDict):
    """The name of the copy."""

    name: str
    opts: NotRequired[ArtifactsImportOptions]


class ArtifactsRepo(RemoteObject["_js.ArtifactsRepo"]):
    """One repository: ``await artifacts.get("site")``.

    Every method raises ArtifactsError where the service refuses. ``with await artifacts.get(…) as
    repo:`` gives the handle back at the end. JS: ArtifactsRepo.
    """

    __slots__ = ()

    _raising = _raising

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        dispose(self._js)

    async def create_token(
        self,
        scope: Literal["write", "read"] | None = None,
        ttl: int | timedelta | None = None,
    ) -> ArtifactsCreateTokenResult:
        """A token for git: "write" for a day unless given; from 60 seconds to a year.

        JS: ArtifactsRepo.createToken.
        """
        args = [scope or "write"] if ttl is None else [scope or "write", seconds(ttl, "ttl")]
        made = await self._ask("createToken", *args)
        return named_tuple(ArtifactsCreateTokenResult, made, expires_at=from_iso)

    async def list_tokens(self) -> ArtifactsTokenListResult:
        """Its tokens, without their text. JS: ArtifactsRepo.listTokens."""
        found = await self._ask("listTokens")
        return named_tuple(ArtifactsTokenListResult, found, tokens=list_of(_token))

    async def revoke_token(self, token_or_id: str) -> bool:
        """End a token; False where there is none. JS: ArtifactsRepo.revokeToken."""
        return bool(await self._ask("revokeToken", text(token_or_id, "token_or_id")))

    async def info(self) -> ArtifactsRepoInfo:
        """What is known of it. JS: ArtifactsRepo.info."""
        return _repo(await self._ask("info"))

    async def read_blob(self, hash: str) -> Blob | None:
        """A file's bytes by the hash of its blob. JS: ArtifactsRepo.readBlob."""
        return _blob(await self._call("readBlob", text(hash, "hash")))

    async def read_tree(self, hash: str) -> list[ArtifactsTreeEntry] | None:
        """What a directory holds, by the hash of its tree. JS: ArtifactsRepo.readTree."""
        found = await self._ask("readTree", text(hash, "hash"))
        return (
            None if found is None else [named_tuple(ArtifactsTreeEntry, entry) for entry in found]
        )

    async def read_commit(self, hash: str) -> ArtifactsCommitMetadata | None:
        """A commit by its hash. JS: ArtifactsRepo.readCommit."""
        found = await self._ask("readCommit", text(hash, "hash"))
        return None if found is None else _commit(found)

    async def read_file(self, *, ref: str, path: str) -> Blob | None:
        """A file of a branch, a tag or a commit. JS: ArtifactsRepo.readFile."""
        return _blob(await self._call("readFile", _json({"ref": ref, "path": path})))

    async def log(
        self, *, ref: str | None = None, limit: int | None = None, offset: int | None = None
    ) -> list[ArtifactsCommitMetadata]:
        """The commits that led to a ref, the last one first. JS: ArtifactsRepo.log."""
        found = await self._ask("log", _json({"ref": ref, "limit": limit, "offset": offset}))
        return [_commit(each) for each in found]

    async def fork(
        self,
        name: str,
        *,
        description: str | None = None,
        read_only: bool | None = None,
        default_branch_only: bool | None = None,
    ) -> ArtifactsCreateRepoResult:
        """A copy of it; of its default branch alone unless told otherwise.

        JS: ArtifactsRepo.fork.
        """
        options = {
            "description": description,
            "read_only": read_only,
            "default_branch_only": default_branch_only,
        }
        return _made(await self._ask("fork", text(name, "name"), _json(options)))


class Artifacts(RemoteObject["_js.Artifacts"]):
    """Git repositories by name: ``REPOS: Artifacts`` in an Env.

    Every method raises ArtifactsError where the service refuses.
    No local runtime has it: what is said of the service is its documentation's, and was not seen.

    JS: Artifacts.
    """

    __slots__ = ()

    _raising = _raising

    def __init__(self, artifacts: _js.Artifacts) -> None:
        super().__init__(binding(artifacts, "Artifacts", "import"))

    async def create(
        self,
        name: str,
        *,
        read_only: bool | None = None,
        description: str | None = None,
        set_default_branch: str | None = None,
    ) -> ArtifactsCreateRepoResult:
        """A new repository; a name has letters, digits, dots, hyphens and underscores.

        JS: Artifacts.create.
        """
        options = {
            "read_only": read_only,
            "description": description,
            "set_default_branch": set_default_branch,
        }
        return _made(await self._ask("create", text(name, "name"), _json(options)))

    async def get(self, name: str) -> ArtifactsRepo:
        """A repository; ArtifactsError where it is not there, or not ready. JS: Artifacts.get."""
        return ArtifactsRepo(raw(await self._call("get", text(name, "name"))))

    async def import_(
        self, *, source: ArtifactsImportSource, target: ArtifactsImportTarget
    ) -> ArtifactsCreateRepoResult:
        """A copy of a repository from elsewhere. JS: Artifacts.import."""
        params = {
            "source": js_bag(source, ArtifactsImportSource, "source"),
            "target": js_bag(target, ArtifactsImportTarget, "target", {"opts": _import_options}),
        }
        return _made(await self._ask("import", _json(params)))

    async def list(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> ArtifactsRepoListResult:
        """A page of the repositories: 1 to 200, 50 unless given. JS: Artifacts.list."""
        found = await self._ask("list", _json({"limit": limit, "cursor": cursor}))
        return named_tuple(ArtifactsRepoListResult, found, repos=list_of(_repo))

    async def delete(self, name: str) -> bool:
        """Delete a repository and its tokens; False where there is none. JS: Artifacts.delete."""
        return bool(await self._ask("delete", text(name, "name")))


def _json(options: dict[str, Any]) -> Any:
    return from_json(dumps(js_options(options), "options"))


def _import_options(given: Any, name: str) -> dict[str, Any]:
    return js_bag(given, ArtifactsImportOptions, name)


def _made(found: Any) -> ArtifactsCreateRepoResult:
    return named_tuple(ArtifactsCreateRepoResult, found)


def _repo(found: Any) -> ArtifactsRepoInfo:
    return named_tuple(
        ArtifactsRepoInfo, found, created_at=from_iso, updated_at=from_iso, last_push_at=from_iso
    )


def _token(found: Any) -> ArtifactsTokenInfo:
    return named_tuple(ArtifactsTokenInfo, found, created_at=from_iso, expires_at=from_iso)


def _author(found: Any) -> ArtifactsAuthor:
    return named_tuple(ArtifactsAuthor, found)


def _commit(found: Any) -> ArtifactsCommitMetadata:
    return named_tuple(ArtifactsCommitMetadata, found, author=_author, committer=_author)


def _blob(found: Any) -> Blob | None:
    js = raw(found)
    return None if js is None else Blob.from_js(js)
