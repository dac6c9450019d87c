"""The JavaScript API of Durable Objects and their storage."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from .services import Fetcher
from .values import Js


class DurableObjectId(Protocol):
    def toString(self) -> str: ...


class DurableObjectNamespace(Protocol):
    def newUniqueId(self, *, jurisdiction: str | None = None) -> DurableObjectId: ...
    def idFromName(self, name: str, /) -> DurableObjectId: ...
    def idFromString(self, id: str, /) -> DurableObjectId: ...
    def get(
        self,
        id: Js,
        /,
        *,
        locationHint: str | None = None,
        routingMode: str | None = None,
        retry: Js = None,
    ) -> Fetcher: ...
    def getByName(
        self,
        name: str,
        /,
        *,
        locationHint: str | None = None,
        routingMode: str | None = None,
        retry: Js = None,
    ) -> Fetcher: ...
    def jurisdiction(self, jurisdiction: str, /) -> DurableObjectNamespace: ...


class DurableObjectState(Protocol):
    @property
    def id(self) -> DurableObjectId: ...
    @property
    def storage(self) -> DurableObjectStorage: ...
    @property
    def facets(self) -> DurableObjectFacets: ...
    def waitUntil(self, promise: Js, /) -> None: ...
    def blockConcurrencyWhile(self, callback: Js, /) -> Awaitable[Js]: ...
    def abort(self, reason: str = ..., options: Js = ..., /) -> None: ...
    def acceptWebSocket(self, ws: Js, tags: Js, /) -> None: ...
    def getWebSockets(self, tag: str = ..., /) -> Js: ...
    def getTags(self, ws: Js, /) -> Js: ...
    def setWebSocketAutoResponse(self, pair: Js = ..., /) -> None: ...
    def getWebSocketAutoResponse(self) -> Js: ...
    def getWebSocketAutoResponseTimestamp(self, ws: Js, /) -> Js: ...
    def setHibernatableWebSocketEventTimeout(self, timeoutMs: int = ..., /) -> None: ...
    def getHibernatableWebSocketEventTimeout(self) -> Js: ...


class DurableObjectFacets(Protocol):
    def get(self, name: str, getStartupOptions: Js, /) -> Fetcher: ...
    def abort(self, name: str, reason: Js, /) -> None: ...
    def delete(self, name: str, /) -> None: ...
    def clone(self, src: str, dst: str, /) -> None: ...


class DurableObjectStorageOperations(Protocol):
    def get(
        self,
        key: Js,
        /,
        *,
        allowConcurrency: bool | None = None,
        noCache: bool | None = None,
    ) -> Awaitable[Js]: ...
    def list(
        self,
        *,
        start: str | None = None,
        startAfter: str | None = None,
        end: str | None = None,
        prefix: str | None = None,
        reverse: bool | None = None,
        limit: int | None = None,
        allowConcurrency: bool | None = None,
        noCache: bool | None = None,
    ) -> Awaitable[Js]: ...
    def put(
        self,
        key: Js,
        value: Js = ...,
        /,
        *,
        allowConcurrency: bool | None = None,
        allowUnconfirmed: bool | None = None,
        noCache: bool | None = None,
    ) -> Awaitable[None]: ...
    def delete(
        self,
        key: Js,
        /,
        *,
        allowConcurrency: bool | None = None,
        allowUnconfirmed: bool | None = None,
        noCache: bool | None = None,
    ) -> Awaitable[Js]: ...
    def getAlarm(self, *, allowConcurrency: bool | None = None) -> Awaitable[Js]: ...
    def setAlarm(
        self,
        scheduledTime: Js,
        /,
        *,
        allowConcurrency: bool | None = None,
        allowUnconfirmed: bool | None = None,
    ) -> Awaitable[None]: ...
    def deleteAlarm(
        self,
        *,
        allowConcurrency: bool | None = None,
        allowUnconfirmed: bool | None = None,
    ) -> Awaitable[None]: ...


class DurableObjectTransaction(DurableObjectStorageOperations, Protocol):
    def rollback(self) -> None: ...


class DurableObjectStorage(DurableObjectStorageOperations, Protocol):
    @property
    def sql(self) -> SqlStorage: ...
    @property
    def kv(self) -> SyncKvStorage: ...
    def deleteAll(
        self,
        *,
        allowConcurrency: bool | None = None,
        allowUnconfirmed: bool | None = None,
        noCache: bool | None = None,
    ) -> Awaitable[None]: ...
    def transaction(self, closure: Js, /) -> Awaitable[Js]: ...
    def transactionSync(self, closure: Js, /) -> Js: ...
    def sync(self) -> Awaitable[None]: ...
    def getCurrentBookmark(self) -> Awaitable[str]: ...
    def getBookmarkForTime(self, timestamp: Js, /) -> Awaitable[str]: ...
    def onNextSessionRestoreBookmark(self, bookmark: str, /) -> Awaitable[str]: ...


class SyncKvStorage(Protocol):
    def get(self, key: str, /) -> Js: ...
    def put(self, key: str, value: Js, /) -> None: ...
    def delete(self, key: str, /) -> bool: ...
    def list(
        self,
        *,
        start: str | None = None,
        startAfter: str | None = None,
        end: str | None = None,
        prefix: str | None = None,
        reverse: bool | None = None,
        limit: int | None = None,
    ) -> Js: ...


class SqlStorage(Protocol):
    @property
    def databaseSize(self) -> float: ...
    def exec(self, query: str, /, *bindings: Js) -> SqlStorageCursor: ...


class SqlStorageCursor(Protocol):
    @property
    def columnNames(self) -> Js: ...
    @property
    def rowsRead(self) -> float: ...
    @property
    def rowsWritten(self) -> float: ...
    def raw(self) -> Js: ...
