"""What the quick actions of ``Browser`` are told, and what the JSON in their answers is.

Options have our names; the answers are JSON, with the keys that the service gives:
``(await response.json(BrowserRunLinksSuccessResponse))["result"]``.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

__all__ = [
    "BrowserRunAccessibilityTreeOptions",
    "BrowserRunAccessibilityTreeSuccessResponse",
    "BrowserRunCommonOptions",
    "BrowserRunContentOptions",
    "BrowserRunContentSuccessResponse",
    "BrowserRunErrorResponse",
    "BrowserRunJsonErrorResponse",
    "BrowserRunJsonOptions",
    "BrowserRunJsonSuccessResponse",
    "BrowserRunLifecycleEvent",
    "BrowserRunLinksOptions",
    "BrowserRunLinksSuccessResponse",
    "BrowserRunMarkdownOptions",
    "BrowserRunMarkdownSuccessResponse",
    "BrowserRunPDFOptions",
    "BrowserRunPuppeteerScreenshotOptions",
    "BrowserRunResourceType",
    "BrowserRunResponseMeta",
    "BrowserRunScrapeOptions",
    "BrowserRunScrapeSuccessResponse",
    "BrowserRunScreenshotOptions",
    "BrowserRunScriptSuccessResponse",
    "BrowserRunSerializedAXNode",
    "BrowserRunSnapshotFormat",
    "BrowserRunSnapshotOptions",
    "BrowserRunSnapshotSuccessResponse",
]

BrowserRunLifecycleEvent: TypeAlias = Literal[
    "load", "domcontentloaded", "networkidle0", "networkidle2"
]
BrowserRunResourceType: TypeAlias = Literal[
    "document",
    "stylesheet",
    "image",
    "media",
    "font",
    "script",
    "texttrack",
    "xhr",
    "fetch",
    "prefetch",
    "eventsource",
    "websocket",
    "manifest",
    "signedexchange",
    "ping",
    "cspviolationreport",
    "preflight",
    "other",
]
BrowserRunSnapshotFormat: TypeAlias = Literal[
    "content", "screenshot", "markdown", "accessibilityTree"
]


class ScriptTag(TypedDict, total=False):
    """A script to add to the page."""

    content: str
    url: str
    type: str
    id: str


class StyleTag(TypedDict, total=False):
    """A style sheet to add to the page."""

    content: str
    url: str


class Credentials(TypedDict):
    """A name and a password for HTTP's own authentication."""

    username: str
    password: str


class CookieParam(TypedDict):
    """A cookie to set; ``expires`` is in seconds since 1970."""

    name: str
    value: str
    url: NotRequired[str]
    domain: NotRequired[str]
    path: NotRequired[str]
    secure: NotRequired[bool]
    http_only: NotRequired[bool]
    same_site: NotRequired[Literal["Strict", "Lax", "None"]]
    expires: NotRequired[float]
    priority: NotRequired[Literal["Low", "Medium", "High"]]
    same_party: NotRequired[bool]
    source_scheme: NotRequired[Literal["Unset", "NonSecure", "Secure"]]
    source_port: NotRequired[int]
    partition_key: NotRequired[str]


class GotoOptions(TypedDict, total=False):
    """How to go to the page; ``timeout`` is in milliseconds."""

    timeout: int
    wait_until: BrowserRunLifecycleEvent | list[BrowserRunLifecycleEvent]
    referer: str
    referrer_policy: str


class Viewport(TypedDict):
    """The size of the page in pixels, and the device that it pretends to be on."""

    width: int
    height: int
    device_scale_factor: NotRequired[float]
    is_mobile: NotRequired[bool]
    is_landscape: NotRequired[bool]
    has_touch: NotRequired[bool]


class WaitForSelector(TypedDict):
    """An element to wait for; ``timeout`` is in milliseconds."""

    selector: str
    hidden: NotRequired[Literal[True]]
    visible: NotRequired[Literal[True]]
    timeout: NotRequired[int]


class BrowserRunCommonOptions(TypedDict, total=False):
    """What every quick action takes: ``url`` or ``html``, one of the two, and how to load it.

    ``viewport`` is 1920 x 1080 unless given, ``cache_ttl`` 5 s; ``wait_for_timeout`` and
    ``action_timeout`` are in milliseconds. JS: BrowserRunCommonOptions.
    """

    url: str
    html: str
    add_script_tag: list[ScriptTag]
    add_style_tag: list[StyleTag]
    authenticate: Credentials
    cookies: list[CookieParam]
    emulate_media_type: str
    goto_options: GotoOptions
    reject_request_pattern: list[str]
    allow_request_pattern: list[str]
    reject_resource_types: list[BrowserRunResourceType]
    allow_resource_types: list[BrowserRunResourceType]
    set_extra_http_headers: dict[str, str]
    set_java_script_enabled: bool
    user_agent: str
    viewport: Viewport
    wait_for_selector: WaitForSelector
    wait_for_timeout: int
    best_attempt: bool
    action_timeout: int
    cache_ttl: int
    browser: Literal["kitesurf"]


BrowserRunContentOptions: TypeAlias = BrowserRunCommonOptions
BrowserRunMarkdownOptions: TypeAlias = BrowserRunCommonOptions


class Clip(TypedDict):
    """A part of the page, in pixels."""

    x: float
    y: float
    width: float
    height: float
    scale: NotRequired[float]


class BrowserRunPuppeteerScreenshotOptions(TypedDict, total=False):
    """How to take a screenshot. JS: BrowserRunPuppeteerScreenshotOptions."""

    type: Literal["png", "jpeg", "webp"]
    encoding: Literal["binary", "base64"]
    quality: int
    full_page: bool
    clip: Clip
    omit_background: bool
    optimize_for_speed: bool
    capture_beyond_viewport: bool
    from_surface: bool


class BrowserRunScreenshotOptions(BrowserRunCommonOptions, total=False):
    """For "screenshot": of the page, or of what ``selector`` finds."""

    selector: str
    scroll_page: bool
    screenshot_options: BrowserRunPuppeteerScreenshotOptions


class Margin(TypedDict, total=False):
    """The margins of a page, in pixels or with a unit."""

    top: str | float
    right: str | float
    bottom: str | float
    left: str | float


class PDFOptions(TypedDict, total=False):
    """How to print; ``timeout`` is in milliseconds."""

    scale: float
    display_header_footer: bool
    header_template: str
    footer_template: str
    print_background: bool
    landscape: bool
    page_ranges: str
    format: Literal[
        "letter", "legal", "tabloid", "ledger", "a0", "a1", "a2", "a3", "a4", "a5", "a6"
    ]
    width: str | float
    height: str | float
    prefer_css_page_size: bool
    margin: Margin
    omit_background: bool
    tagged: bool
    outline: bool
    timeout: int


class BrowserRunPDFOptions(BrowserRunCommonOptions, total=False):
    """For "pdf"."""

    pdf_options: PDFOptions


class ScrapeElement(TypedDict):
    """Elements to look for."""

    selector: str


class _Elements(TypedDict):
    elements: list[ScrapeElement]


class BrowserRunScrapeOptions(_Elements, BrowserRunCommonOptions):
    """For "scrape"."""


class BrowserRunLinksOptions(BrowserRunCommonOptions, total=False):
    """For "links"."""

    visible_links_only: bool
    exclude_external_links: bool


class BrowserRunSnapshotOptions(BrowserRunCommonOptions, total=False):
    """For "snapshot"; its screenshot comes as base64."""

    formats: list[BrowserRunSnapshotFormat]
    screenshot_options: BrowserRunPuppeteerScreenshotOptions


class BrowserRunAccessibilityTreeOptions(BrowserRunCommonOptions, total=False):
    """For "accessibilityTree": of the page, or below the selector ``root``."""

    interesting_only: bool
    root: str


class CustomAI(TypedDict):
    """A model to use, with the value of its Authorization header."""

    model: str
    authorization: NotRequired[str]


class BrowserRunJsonOptions(BrowserRunCommonOptions, total=False):
    """For "json": what to find on the page, by a prompt, a JSON schema or both.

    ``response_format`` is as for Workers AI: ``{"type": "json_schema", "json_schema": {…}}``.
    """

    prompt: str
    response_format: dict[str, Any]
    custom_ai: list[CustomAI]


# The bodies of answers: JSON


class BrowserRunRedirectHop(TypedDict):
    """One redirect on the way to the page."""

    url: str
    status: int
    headers: dict[str, str]


class BrowserRunResponseMeta(TypedDict):
    """What is known of the page. JS: BrowserRunResponseMeta."""

    status: int
    title: str
    headers: NotRequired[dict[str, str]]
    finalUrl: NotRequired[str]
    redirectChain: NotRequired[list[BrowserRunRedirectHop]]


class _Success(TypedDict):
    success: Literal[True]
    meta: BrowserRunResponseMeta


class BrowserRunContentSuccessResponse(_Success):
    """Of "content": the page's HTML."""

    result: str


class BrowserRunMarkdownSuccessResponse(_Success):
    """Of "markdown"."""

    result: str


class BrowserRunLinksSuccessResponse(_Success):
    """Of "links": their URLs."""

    result: list[str]


class ScrapedAttribute(TypedDict):
    """An attribute of an element."""

    name: str
    value: str


class ScrapedElement(TypedDict):
    """An element that was found; its place is in pixels."""

    html: str
    text: str
    width: float
    height: float
    top: float
    left: float
    attributes: list[ScrapedAttribute]


class ScrapeResult(TypedDict):
    """What one selector found."""

    selector: str
    results: list[ScrapedElement]


class BrowserRunScrapeSuccessResponse(_Success):
    """Of "scrape"."""

    result: list[ScrapeResult]


class BrowserRunSerializedAXNode(TypedDict):
    """A node of the accessibility tree; its ``children`` are such nodes.

    JS: BrowserRunSerializedAXNode.
    """

    role: str
    autocomplete: NotRequired[str]
    checked: NotRequired[bool | Literal["mixed"]]
    description: NotRequired[str]
    disabled: NotRequired[bool]
    expanded: NotRequired[bool]
    focused: NotRequired[bool]
    haspopup: NotRequired[str]
    invalid: NotRequired[str]
    keyshortcuts: NotRequired[str]
    level: NotRequired[int]
    modal: NotRequired[bool]
    multiline: NotRequired[bool]
    multiselectable: NotRequired[bool]
    name: NotRequired[str]
    orientation: NotRequired[str]
    pressed: NotRequired[bool | Literal["mixed"]]
    readonly: NotRequired[bool]
    required: NotRequired[bool]
    roledescription: NotRequired[str]
    selected: NotRequired[bool]
    value: NotRequired[str | float]
    valuemax: NotRequired[float]
    valuemin: NotRequired[float]
    valuetext: NotRequired[str]
    children: NotRequired[list[dict[str, Any]]]  # a row type cannot hold itself


class Snapshot(TypedDict, total=False):
    """A page in the formats that were asked for; the screenshot is base64."""

    content: str
    screenshot: str
    markdown: str
    accessibilityTree: BrowserRunSerializedAXNode


class BrowserRunSnapshotSuccessResponse(_Success):
    """Of "snapshot"."""

    result: Snapshot


class AccessibilityTree(TypedDict):
    """The tree, or None where there is nothing in it."""

    accessibilityTree: BrowserRunSerializedAXNode | None


class BrowserRunAccessibilityTreeSuccessResponse(_Success):
    """Of "accessibilityTree"."""

    result: AccessibilityTree


class BrowserRunJsonSuccessResponse(_Success):
    """Of "json": what the model found."""

    result: dict[str, Any]


class BrowserRunScriptSuccessResponse(TypedDict):
    """Of ``script`` and ``script_in_session``: what the script returned."""

    success: Literal[True]
    result: Any


class ErrorDetail(TypedDict):
    """What went wrong."""

    message: str
    code: NotRequired[int]
    detail: NotRequired[str]
    path: NotRequired[str]


class BrowserRunErrorResponse(TypedDict):
    """The body where it did not work. JS: BrowserRunErrorResponse."""

    success: Literal[False]
    errors: list[ErrorDetail]


class BrowserRunJsonErrorResponse(BrowserRunErrorResponse):
    """The same of "json", with what the model said."""

    rawAiResponse: NotRequired[str]
