"""Documents to Markdown, by Workers AI: ``ToMarkdownService``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypedDict, overload

from .._border import JsWrapper, dumps, from_js, from_json, raising, raw, text, to_js
from ..errors import AIError, ConversionError
from .gateway import gateway_options, given_headers, renamed

if TYPE_CHECKING:
    from .. import _js
    from ..blob import Blob
    from .gateway import GatewayOptions

__all__ = [
    "ConversionOptions",
    "ConversionResponse",
    "MarkdownDocument",
    "SupportedFileFormat",
    "ToMarkdownService",
]

_raising = raising(AIError)


class MarkdownDocument(NamedTuple):
    """A file: its name, and its bytes as a Blob with their media type. JS: MarkdownDocument."""

    name: str
    blob: Blob


class ConversionResponse(NamedTuple):
    """A file as Markdown in ``data``; or, where ``format`` is "error", what went wrong in
    ``error``. JS: ConversionResponse."""

    id: str
    name: str
    mime_type: str
    format: Literal["markdown", "text", "error"]
    tokens: int | None
    data: str | None
    error: str | None


class SupportedFileFormat(NamedTuple):
    """A kind of file that can be converted. JS: SupportedFileFormat."""

    mime_type: str
    extension: str


_Language = Literal["en", "es", "fr", "it", "pt", "de"]


class ImageOptions(TypedDict, total=False):
    """In which language a picture is described."""

    description_language: _Language


class EmbeddedImageOptions(ImageOptions, total=False):
    """Whether pictures in a document are described, and how many."""

    convert: bool
    max_converted_images: int


class HtmlImageOptions(EmbeddedImageOptions, total=False):
    convert_og_image: bool


class HtmlOptions(TypedDict, total=False):
    images: HtmlImageOptions
    hostname: str
    css_selector: str


class DocxOptions(TypedDict, total=False):
    images: EmbeddedImageOptions


class PdfOptions(TypedDict, total=False):
    images: EmbeddedImageOptions
    metadata: bool


class OutputOptions(TypedDict, total=False):
    format: Literal["markdown", "text"]


class ConversionOptions(TypedDict, total=False):
    """How each kind of file is converted. JS: ConversionOptions."""

    output: OutputOptions
    html: HtmlOptions
    docx: DocxOptions
    image: ImageOptions
    pdf: PdfOptions


_IMAGE = {"description_language": "descriptionLanguage"}
_EMBEDDED = {**_IMAGE, "convert": "convert", "max_converted_images": "maxConvertedImages"}
_NAMES: dict[str, dict[str, str]] = {
    "output": {"format": "format"},
    "html": {"images": "images", "hostname": "hostname", "css_selector": "cssSelector"},
    "docx": {"images": "images"},
    "image": _IMAGE,
    "pdf": {"images": "images", "metadata": "metadata"},
}


class ToMarkdownService(JsWrapper["_js.ToMarkdownService"]):
    """Turns documents into Markdown: ``ai.to_markdown()``. JS: ToMarkdownService."""

    __slots__ = ()

    def __init__(self, service: _js.ToMarkdownService) -> None:
        self._js = raw(service)

    @overload
    async def transform(
        self,
        files: MarkdownDocument,
        *,
        gateway: GatewayOptions | None = None,
        extra_headers: Mapping[str, str] | None = None,
        conversion_options: ConversionOptions | None = None,
    ) -> ConversionResponse: ...
    @overload
    async def transform(
        self,
        files: Sequence[MarkdownDocument],
        *,
        gateway: GatewayOptions | None = None,
        extra_headers: Mapping[str, str] | None = None,
        conversion_options: ConversionOptions | None = None,
    ) -> list[ConversionResponse]: ...
    async def transform(
        self,
        files: Any,
        *,
        gateway: GatewayOptions | None = None,
        extra_headers: Mapping[str, str] | None = None,
        conversion_options: ConversionOptions | None = None,
    ) -> Any:
        """One document, or several at once, as Markdown.

        A document that cannot be converted is an answer with ``error``; AIError where the service
        refuses them all. JS: ToMarkdownService.transform.
        """
        one = isinstance(files, MarkdownDocument)
        documents: list[Any] = [files] if one else [*files]
        sent = [_document(document, at) for at, document in enumerate(documents)]
        options: dict[str, Any] = {}
        if gateway is not None:
            options["gateway"] = gateway_options(gateway)
        if extra_headers is not None:
            options["extraHeaders"] = given_headers(extra_headers)
        if conversion_options is not None:
            options["conversionOptions"] = from_json(dumps(_conversion(conversion_options)))
        with _raising:
            answer = await self._js.transform(to_js(sent[0] if one else sent, "files"), **options)
        found = from_js(answer)
        return _converted(found) if one else [_converted(each) for each in found]

    async def supported(self) -> list[SupportedFileFormat]:
        """The kinds of file that can be converted. JS: ToMarkdownService.supported."""
        with _raising:
            found = from_js(await self._js.supported())
        return [SupportedFileFormat(each["mimeType"], each["extension"]) for each in found]


def _document(document: Any, at: int) -> dict[str, Any]:
    if isinstance(document, MarkdownDocument) and hasattr(raw(document.blob), "arrayBuffer"):
        return {"name": text(document.name, f"files[{at}].name"), "blob": document.blob}
    kind = type(document).__name__
    raise ConversionError(f"files[{at}]: expected a MarkdownDocument of a Blob, got {kind}")


def _conversion(options: Any) -> dict[str, Any]:
    """Under JavaScript's names, at every level."""
    where = "conversion_options"
    made = renamed(options, {name: name for name in _NAMES}, where)
    for kind, given in made.items():
        made[kind] = inner = renamed(given, _NAMES[kind], f"{where}.{kind}")
        if "images" in inner:
            known = {**_EMBEDDED, "convert_og_image": "convertOGImage"}
            names = known if kind == "html" else _EMBEDDED
            inner["images"] = renamed(inner["images"], names, f"{where}.{kind}.images")
    return made


def _converted(found: dict[str, Any]) -> ConversionResponse:
    return ConversionResponse(
        found["id"],
        found["name"],
        found["mimeType"],
        found["format"],
        found.get("tokens"),
        found.get("data"),
        found.get("error"),
    )
