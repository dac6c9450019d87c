"""The JavaScript API of Images."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from .http import Response
from .streams import ReadableStream
from .values import Js


class ImagesBinding(Protocol):
    @property
    def hosted(self) -> HostedImagesBinding: ...
    def info(self, image: Js, /, *, encoding: str | None = None) -> Awaitable[Js]: ...
    def input(self, image: Js, /, *, encoding: str | None = None) -> ImageTransformer: ...
    def text(
        self, content: str, /, *, font: Js, size: float | None = None, color: str | None = None
    ) -> ImageTransformer: ...


class ImageTransformer(Protocol):
    def transform(
        self,
        *,
        width: float | None = None,
        height: float | None = None,
        background: str | None = None,
        blur: float | None = None,
        border: Js = None,
        brightness: float | None = None,
        contrast: float | None = None,
        fit: str | None = None,
        flip: str | None = None,
        gamma: float | None = None,
        segment: str | None = None,
        gravity: Js = None,
        rotate: int | None = None,
        saturation: float | None = None,
        sharpen: float | None = None,
        trim: Js = None,
    ) -> ImageTransformer: ...
    def draw(
        self,
        image: Js,
        /,
        *,
        opacity: float | None = None,
        repeat: bool | str | None = None,
        composite: str | None = None,
        top: float | None = None,
        left: float | None = None,
        bottom: float | None = None,
        right: float | None = None,
    ) -> ImageTransformer: ...
    def output(
        self,
        *,
        format: str,
        quality: float | None = None,
        background: str | None = None,
        anim: bool | None = None,
    ) -> Awaitable[ImageTransformationResult]: ...


class ImageTransformationResult(Protocol):
    def response(self) -> Response: ...
    def contentType(self) -> str: ...
    def image(self, *, encoding: str | None = None) -> ReadableStream: ...


class HostedImagesBinding(Protocol):
    def image(self, imageId: str, /) -> ImageHandle: ...
    def upload(self, image: Js, options: Js = ..., /) -> Awaitable[Js]: ...
    def list(self, options: Js = ..., /) -> Awaitable[Js]: ...
    def createDirectUpload(self, options: Js = ..., /) -> Awaitable[Js]: ...


class ImageHandle(Protocol):
    def details(self) -> Awaitable[Js]: ...
    def bytes(self) -> Awaitable[Js]: ...
    def signedUrl(self, options: Js, /) -> Awaitable[str]: ...
    def update(self, options: Js, /) -> Awaitable[Js]: ...
    def delete(self) -> Awaitable[bool]: ...
