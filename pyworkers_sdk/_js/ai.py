"""The JavaScript API of Workers AI."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from .values import Js


class Ai(Protocol):
    aiGatewayLogId: Js

    def run(
        self,
        model: str,
        inputs: Js,
        /,
        *,
        gateway: Js = ...,
        prefix: str = ...,
        tags: Js = ...,
        extraHeaders: Js = ...,
        signal: Js = ...,
        queueRequest: bool = ...,
        websocket: bool = ...,
        returnRawResponse: bool = ...,
    ) -> Awaitable[Js]: ...
    def gateway(self, gatewayId: str, /) -> AiGateway: ...
    def models(self, params: Js, /) -> Awaitable[Js]: ...
    def toMarkdown(self) -> ToMarkdownService: ...


class AiGateway(Protocol):
    def run(
        self, data: Js, /, *, gateway: Js = ..., extraHeaders: Js = ..., signal: Js = ...
    ) -> Awaitable[Js]: ...
    def patchLog(self, logId: str, data: Js, /) -> Awaitable[Js]: ...
    def getLog(self, logId: str, /) -> Awaitable[Js]: ...
    def getUrl(self, provider: str = ..., /) -> Awaitable[str]: ...


class ToMarkdownService(Protocol):
    def transform(
        self,
        files: Js,
        /,
        *,
        gateway: Js = ...,
        extraHeaders: Js = ...,
        conversionOptions: Js = ...,
    ) -> Awaitable[Js]: ...
    def supported(self) -> Awaitable[Js]: ...
