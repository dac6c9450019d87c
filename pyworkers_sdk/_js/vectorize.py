"""The JavaScript API of Vectorize."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from .values import Js


class Vectorize(Protocol):
    def describe(self) -> Awaitable[Js]: ...
    def query(
        self,
        vector: Js,
        /,
        *,
        topK: int | None = None,
        namespace: str | None = None,
        returnValues: bool | None = None,
        returnMetadata: str | None = None,
        filter: Js = None,
    ) -> Awaitable[Js]: ...
    def queryById(
        self,
        vectorId: str,
        /,
        *,
        topK: int | None = None,
        namespace: str | None = None,
        returnValues: bool | None = None,
        returnMetadata: str | None = None,
        filter: Js = None,
    ) -> Awaitable[Js]: ...
    def insert(self, vectors: Js, /) -> Awaitable[Js]: ...
    def upsert(self, vectors: Js, /) -> Awaitable[Js]: ...
    def deleteByIds(self, ids: Js, /) -> Awaitable[Js]: ...
    def getByIds(self, ids: Js, /) -> Awaitable[Js]: ...


class VectorizeIndex(Protocol):
    def describe(self) -> Awaitable[Js]: ...
    def query(
        self,
        vector: Js,
        /,
        *,
        topK: int | None = None,
        namespace: str | None = None,
        returnValues: bool | None = None,
        returnMetadata: bool | None = None,
        filter: Js = None,
    ) -> Awaitable[Js]: ...
    def insert(self, vectors: Js, /) -> Awaitable[Js]: ...
    def upsert(self, vectors: Js, /) -> Awaitable[Js]: ...
    def deleteByIds(self, ids: Js, /) -> Awaitable[Js]: ...
    def getByIds(self, ids: Js, /) -> Awaitable[Js]: ...
