"""The JavaScript API of dynamic Workers."""

from __future__ import annotations

from typing import Protocol

from .services import Fetcher
from .values import Js


class WorkerLoader(Protocol):
    def get(self, name: str | None, getCode: Js, /) -> WorkerStub: ...
    def load(self, code: Js, /) -> WorkerStub: ...


class WorkerStub(Protocol):
    def getEntrypoint(self, name: str | None = ..., options: Js = ..., /) -> Fetcher: ...
    def getDurableObjectClass(self, name: str | None = ..., options: Js = ..., /) -> Js: ...
