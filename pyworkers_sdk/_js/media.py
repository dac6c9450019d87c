"""The JavaScript API of Media Transformations."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from .http import Response
from .streams import ReadableStream
from .values import Js


class MediaBinding(Protocol):
    def input(self, media: Js, /) -> MediaTransformer: ...


class MediaTransformationGenerator(Protocol):
    def output(self, output: Js, /) -> MediaTransformationResult: ...


class MediaTransformer(MediaTransformationGenerator, Protocol):
    def transform(self, transform: Js, /) -> MediaTransformationGenerator: ...


class MediaTransformationResult(Protocol):
    def media(self) -> Awaitable[ReadableStream]: ...
    def response(self) -> Awaitable[Response]: ...
    def contentType(self) -> Awaitable[str]: ...
