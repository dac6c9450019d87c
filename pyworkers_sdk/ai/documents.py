"""Documents to Markdown, by Workers AI: ``ToMarkdownService``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypedDict, overload

from .._border import JsWrapper, dumps, expected, from_js, from_json, raising, raw, text, to_js
from .._options import js_bag, js_options, named_tuple
from ..errors import AIError
from .gateway import js_gateway, js_headers

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
    """A file to convert: its name, and its bytes as a Blob with a media type.

    JS: MarkdownDocument.
    """

    name: str
    blob: Blob


class ConversionResponse(NamedTuple):
    """A converted file. JS: ConversionResponse."""

    id: str
    name: str
    mime_type: str
    format: Literal["markdown", "text", "error"]
    """The format of ``data``; "error" if the file could not be converted."""
    tokens: int | None
    data: str | None
    """The converted text."""
    error: str | None
    """The reason, if ``format`` is "error"."""


class SupportedFileFormat(NamedTuple):
    """A file format that can be converted. JS: SupportedFileFormat."""

    mime_type: str
    extension: str


_Language = Literal["en", "es", "fr", "it", "pt", "de"]


class ImageOptions(TypedDict, total=False):
    """Options for images: the language of their description."""

    description_language: _Language


class EmbeddedImageOptions(ImageOptions, total=False):
    """Options for images in a document: describe them or not, and how many."""

    convert: bool
    max_converted_images: int


class HtmlImageOptions(EmbeddedImageOptions, total=False):
    """Options for images in an HTML page, with its Open Graph image."""

    convert_og_image: bool


class HtmlOptions(TypedDict, total=False):
    """Options for HTML pages."""

    images: HtmlImageOptions
    hostname: str
    css_selector: str


class DocxOptions(TypedDict, total=False):
    """Options for Word documents."""

    images: EmbeddedImageOptions


class PdfOptions(TypedDict, total=False):
    """Options for PDF documents."""

    images: EmbeddedImageOptions
    metadata: bool


class OutputOptions(TypedDict, total=False):
    """Options for the output."""

    format: Literal["markdown", "text"]


class ConversionOptions(TypedDict, total=False):
    """Options for each file format. JS: ConversionOptions."""

    output: OutputOptions
    html: HtmlOptions
    docx: DocxOptions
    image: ImageOptions
    pdf: PdfOptions


class ToMarkdownService(JsWrapper["_js.ToMarkdownService"]):
    """The service that converts documents to Markdown: ``ai.to_markdown()``.

    JS: ToMarkdownService.
    """

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
        """Convert one document, or several at once, to Markdown.

        A document that cannot be converted does not raise: its response has an ``error``.

        Args:
            files: One document or a list of documents.
            gateway: The AI Gateway of the call.
            extra_headers: More headers of the request.
            conversion_options: Options for each file format.

        Raises:
            AIError: The service refused the whole request.
            ConversionError: A file or an option cannot cross to JavaScript.

        JS: ToMarkdownService.transform.
        """
        is_single = isinstance(files, MarkdownDocument)
        documents: list[Any] = [files] if is_single else [*files]
        js_files = [_document(document, index) for index, document in enumerate(documents)]
        options = js_options(
            {
                "gateway": js_gateway(gateway),
                "extra_headers": js_headers(extra_headers),
                "conversion_options": _js_conversion_options(conversion_options),
            }
        )
        with _raising:
            answer = await self._js.transform(
                to_js(js_files[0] if is_single else js_files, "files"), **options
            )
        responses = from_js(answer)
        if is_single:
            return _response(responses)
        return [_response(response) for response in responses]

    async def supported(self) -> list[SupportedFileFormat]:
        """List the file formats that can be converted. JS: ToMarkdownService.supported."""
        with _raising:
            formats = from_js(await self._js.supported())
        return [SupportedFileFormat(entry["mimeType"], entry["extension"]) for entry in formats]


def _document(document: Any, index: int) -> dict[str, Any]:
    if isinstance(document, MarkdownDocument) and hasattr(raw(document.blob), "arrayBuffer"):
        return {"name": text(document.name, f"files[{index}].name"), "blob": document.blob}
    raise expected(f"files[{index}]", "a MarkdownDocument of a Blob", document)


def _bag_of(
    bag_type: type[Any], **inner: Callable[[Any, str], Any]
) -> Callable[[Any, str], dict[str, Any]]:
    return lambda options, place: js_bag(options, bag_type, place, inner)


_INNER = {
    "output": _bag_of(OutputOptions),
    "html": _bag_of(HtmlOptions, images=_bag_of(HtmlImageOptions)),
    "docx": _bag_of(DocxOptions, images=_bag_of(EmbeddedImageOptions)),
    "image": _bag_of(ImageOptions),
    "pdf": _bag_of(PdfOptions, images=_bag_of(EmbeddedImageOptions)),
}


def _js_conversion_options(options: Any) -> Any:
    if options is None:
        return None
    return from_json(dumps(js_bag(options, ConversionOptions, "conversion_options", _INNER)))


def _response(response: dict[str, Any]) -> ConversionResponse:
    return named_tuple(ConversionResponse, response)
