"""Artifacts, git repositories for Workers: ``Artifacts``."""

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
    "ArtifactsImportOptions",
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
    """The state of a repository. JS: ArtifactsRepoInfo."""

    id: str
    name: str
    description: str | None
    default_branch: str
    created_at: datetime
    updated_at: datetime
    last_push_at: datetime | None
    source: str | None
    """The origin of a fork or an import, such as "github:owner/repo"."""
    read_only: bool
    remote: str | None
    """The URL for git; None in a list."""


class ArtifactsCreateRepoResult(NamedTuple):
    """A new repository, and a token for it. JS: ArtifactsCreateRepoResult."""

    id: str
    name: str
    description: str | None
    default_branch: str
    remote: str
    """The URL for git."""
    token: str
    """The token. Store it: no other method returns it."""


class ArtifactsRepoListResult(NamedTuple):
    """A page of repositories. JS: ArtifactsRepoListResult."""

    repos: list[ArtifactsRepoInfo]
    total: int
    """The number of repositories on all pages."""
    cursor: str | None
    """The cursor of the next page; None on the last page."""


class ArtifactsCreateTokenResult(NamedTuple):
    """A new token. JS: ArtifactsCreateTokenResult."""

    id: str
    plaintext: str
    """The token. Store it: no other method returns it."""
    scope: Literal["read", "write"]
    expires_at: datetime


class ArtifactsTokenInfo(NamedTuple):
    """The state of a token. JS: ArtifactsTokenInfo."""

    id: str
    scope: Literal["read", "write"]
    state: Literal["active", "expired", "revoked"]
    created_at: datetime
    expires_at: datetime


class ArtifactsTokenListResult(NamedTuple):
    """The tokens of a repository. JS: ArtifactsTokenListResult."""

    tokens: list[ArtifactsTokenInfo]
    total: int


class ArtifactsTreeEntry(NamedTuple):
    """An entry of a directory. JS: ArtifactsTreeEntry."""

    name: str
    mode: str
    """The mode in git's notation, such as "100644"."""
    hash: str
    type: Literal["tree", "blob", "symlink", "gitlink", "exec"]


class ArtifactsAuthor(NamedTuple):
    """The author or committer of a commit."""

    name: str
    email: str


class ArtifactsCommitMetadata(NamedTuple):
    """A commit. Its times are the numbers that the service returns. JS: ArtifactsCommitMetadata."""

    hash: str
    tree_hash: str
    message: str
    author: ArtifactsAuthor
    committer: ArtifactsAuthor
    parents: list[str]
    authored_at: float
    committed_at: float


class ArtifactsImportSource(TypedDict):
    """A repository to import."""

    url: str
    """The HTTPS URL of the repository."""
    branch: NotRequired[str]
    """The branch to import; the default branch by default."""
    depth: NotRequired[int]
    """The number of commits to import; all by default."""


class ArtifactsImportOptions(TypedDict, total=False):
    """The options of an imported repository."""

    description: str
    read_only: bool


class ArtifactsImportTarget(TypedDict):
    """The name and the options of an imported repository."""

    name: str
    opts: NotRequired[ArtifactsImportOptions]


class ArtifactsRepo(RemoteObject["_js.ArtifactsRepo"]):
    """A repository: ``await artifacts.get("site")``.

    Every method raises ArtifactsError if the service refuses the request.
    ``with await artifacts.get("site") as repo:`` releases the handle at the end of the block.
    JS: ArtifactsRepo.
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
        """Create a token for git.

        Args:
            scope: "write" by default.
            ttl: The lifetime of the token, as a timedelta or in seconds: from 60 seconds to a
                year, one day by default.

        JS: ArtifactsRepo.createToken.
        """
        args = [scope or "write"] if ttl is None else [scope or "write", seconds(ttl, "ttl")]
        token = await self._ask("createToken", *args)
        return named_tuple(ArtifactsCreateTokenResult, token, expires_at=from_iso)

    async def list_tokens(self) -> ArtifactsTokenListResult:
        """List the repository's tokens, without their text. JS: ArtifactsRepo.listTokens."""
        tokens = await self._ask("listTokens")
        return named_tuple(ArtifactsTokenListResult, tokens, tokens=list_of(_token))

    async def revoke_token(self, token_or_id: str) -> bool:
        """Revoke a token; return False if it is missing. JS: ArtifactsRepo.revokeToken."""
        return bool(await self._ask("revokeToken", text(token_or_id, "token_or_id")))

    async def info(self) -> ArtifactsRepoInfo:
        """Return the state of the repository. JS: ArtifactsRepo.info."""
        return _repo(await self._ask("info"))

    async def read_blob(self, hash: str) -> Blob | None:
        """Return a blob by its hash, or None if it is missing. JS: ArtifactsRepo.readBlob."""
        return _blob(await self._call("readBlob", text(hash, "hash")))

    async def read_tree(self, hash: str) -> list[ArtifactsTreeEntry] | None:
        """Return the entries of a tree by its hash, or None if it is missing.

        JS: ArtifactsRepo.readTree.
        """
        tree = await self._ask("readTree", text(hash, "hash"))
        return None if tree is None else list_of(_tree_entry)(tree)

    async def read_commit(self, hash: str) -> ArtifactsCommitMetadata | None:
        """Return a commit by its hash, or None if it is missing. JS: ArtifactsRepo.readCommit."""
        commit = await self._ask("readCommit", text(hash, "hash"))
        return None if commit is None else _commit(commit)

    async def read_file(self, *, ref: str, path: str) -> Blob | None:
        """Return a file, or None if it is missing.

        Args:
            ref: A branch, a tag or the hash of a commit.
            path: The path of the file.

        JS: ArtifactsRepo.readFile.
        """
        return _blob(await self._call("readFile", _json({"ref": ref, "path": path})))

    async def log(
        self, *, ref: str | None = None, limit: int | None = None, offset: int | None = None
    ) -> list[ArtifactsCommitMetadata]:
        """Return the history of a ref, newest commit first.

        Args:
            ref: A branch, a tag or the hash of a commit; the default branch by default.
            limit: The number of commits.
            offset: The number of commits to skip.

        JS: ArtifactsRepo.log.
        """
        commits = await self._ask("log", _json({"ref": ref, "limit": limit, "offset": offset}))
        return [_commit(commit) for commit in commits]

    async def fork(
        self,
        name: str,
        *,
        description: str | None = None,
        read_only: bool | None = None,
        default_branch_only: bool | None = None,
    ) -> ArtifactsCreateRepoResult:
        """Create a copy of the repository.

        Args:
            name: The name of the copy.
            description: The description of the copy.
            read_only: Refuse pushes to the copy.
            default_branch_only: Copy only the default branch; True by default.

        JS: ArtifactsRepo.fork.
        """
        options = {
            "description": description,
            "read_only": read_only,
            "default_branch_only": default_branch_only,
        }
        return _create_result(await self._ask("fork", text(name, "name"), _json(options)))


class Artifacts(RemoteObject["_js.Artifacts"]):
    """Git repositories by name: ``REPOS: Artifacts`` in an Env.

    Every method raises ArtifactsError if the service refuses the request; ``code`` is the reason.

    Not available in local runtimes: the fake follows Cloudflare's documentation and has not been
    verified against the service.

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
        """Create a repository.

        Args:
            name: The name: letters, digits, dots, hyphens and underscores.
            read_only: Refuse pushes.
            description: The description of the repository.
            set_default_branch: The name of the default branch.

        JS: Artifacts.create.
        """
        options = {
            "read_only": read_only,
            "description": description,
            "set_default_branch": set_default_branch,
        }
        return _create_result(await self._ask("create", text(name, "name"), _json(options)))

    async def get(self, name: str) -> ArtifactsRepo:
        """Return a repository. JS: Artifacts.get.

        Raises:
            ArtifactsError: The repository is missing, or not ready.
        """
        return ArtifactsRepo(raw(await self._call("get", text(name, "name"))))

    async def import_(
        self, *, source: ArtifactsImportSource, target: ArtifactsImportTarget
    ) -> ArtifactsCreateRepoResult:
        """Import a copy of a repository from another server. JS: Artifacts.import."""
        params = {
            "source": js_bag(source, ArtifactsImportSource, "source"),
            "target": js_bag(target, ArtifactsImportTarget, "target", {"opts": _import_options}),
        }
        return _create_result(await self._ask("import", _json(params)))

    async def list(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> ArtifactsRepoListResult:
        """List the repositories, one page at a time.

        Args:
            limit: The number of repositories on a page, 1 to 200; 50 by default.
            cursor: The cursor of the page before.

        JS: Artifacts.list.
        """
        page = await self._ask("list", _json({"limit": limit, "cursor": cursor}))
        return named_tuple(ArtifactsRepoListResult, page, repos=list_of(_repo))

    async def delete(self, name: str) -> bool:
        """Delete a repository and its tokens; return False if it is missing.

        JS: Artifacts.delete.
        """
        return bool(await self._ask("delete", text(name, "name")))


def _json(options: dict[str, Any]) -> Any:
    return from_json(dumps(js_options(options), "options"))


def _import_options(options: Any, place: str) -> dict[str, Any]:
    return js_bag(options, ArtifactsImportOptions, place)


def _create_result(result: Any) -> ArtifactsCreateRepoResult:
    return named_tuple(ArtifactsCreateRepoResult, result)


def _repo(info: Any) -> ArtifactsRepoInfo:
    return named_tuple(
        ArtifactsRepoInfo, info, created_at=from_iso, updated_at=from_iso, last_push_at=from_iso
    )


def _token(token: Any) -> ArtifactsTokenInfo:
    return named_tuple(ArtifactsTokenInfo, token, created_at=from_iso, expires_at=from_iso)


def _tree_entry(entry: Any) -> ArtifactsTreeEntry:
    return named_tuple(ArtifactsTreeEntry, entry)


def _author(author: Any) -> ArtifactsAuthor:
    return named_tuple(ArtifactsAuthor, author)


def _commit(commit: Any) -> ArtifactsCommitMetadata:
    return named_tuple(ArtifactsCommitMetadata, commit, author=_author, committer=_author)


def _blob(js_value: Any) -> Blob | None:
    js_blob = raw(js_value)
    return None if js_blob is None else Blob.from_js(js_blob)
