"""Options and responses of ``Browser.quick_action``.

Options have snake_case names. Responses are JSON with the keys of the service:
``(await response.json(BrowserRunLinksSuccessResponse))["result"]``.
"""

from __future__ import annotations

from datetime import timedelta
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

# Options -----------------------------------------------------------------------------------------

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
    """A name and a password for HTTP authentication."""

    username: str
    password: str


class CookieParam(TypedDict):
    """A cookie to set."""

    name: str
    value: str
    url: NotRequired[str]
    domain: NotRequired[str]
    path: NotRequired[str]
    secure: NotRequired[bool]
    http_only: NotRequired[bool]
    same_site: NotRequired[Literal["Strict", "Lax", "None"]]
    expires: NotRequired[float]
    """The time of expiry, in seconds since 1970."""
    priority: NotRequired[Literal["Low", "Medium", "High"]]
    same_party: NotRequired[bool]
    source_scheme: NotRequired[Literal["Unset", "NonSecure", "Secure"]]
    source_port: NotRequired[int]
    partition_key: NotRequired[str]


class GotoOptions(TypedDict, total=False):
    """Options for the navigation to the page."""

    timeout: int | timedelta
    """The time limit, as a timedelta or in milliseconds."""
    wait_until: BrowserRunLifecycleEvent | list[BrowserRunLifecycleEvent]
    referer: str
    referrer_policy: str


class Viewport(TypedDict):
    """The size of the page in pixels, and the device to emulate."""

    width: int
    height: int
    device_scale_factor: NotRequired[float]
    is_mobile: NotRequired[bool]
    is_landscape: NotRequired[bool]
    has_touch: NotRequired[bool]


class WaitForSelector(TypedDict):
    """An element to wait for."""

    selector: str
    hidden: NotRequired[Literal[True]]
    visible: NotRequired[Literal[True]]
    timeout: NotRequired[int | timedelta]
    """The time limit, as a timedelta or in milliseconds."""


class BrowserRunCommonOptions(TypedDict, total=False):
    """The options of every quick action: either ``url`` or ``html``, and how to load the page.

    JS: BrowserRunCommonOptions.
    """

    url: str
    html: str
    """The HTML of the page, in place of a URL."""
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
    """The size of the page; 1920 x 1080 by default."""
    wait_for_selector: WaitForSelector
    wait_for_timeout: int | timedelta
    """The time to wait, as a timedelta or in milliseconds."""
    best_attempt: bool
    action_timeout: int | timedelta
    """The time limit of the action, as a timedelta or in milliseconds."""
    cache_ttl: int | timedelta
    """How long the result is cached, as a timedelta or in seconds; 5 by default."""
    browser: Literal["kitesurf"]


BrowserRunContentOptions: TypeAlias = BrowserRunCommonOptions
BrowserRunMarkdownOptions: TypeAlias = BrowserRunCommonOptions


class Clip(TypedDict):
    """A region of the page, in pixels."""

    x: float
    y: float
    width: float
    height: float
    scale: NotRequired[float]


class BrowserRunPuppeteerScreenshotOptions(TypedDict, total=False):
    """Options for a screenshot. JS: BrowserRunPuppeteerScreenshotOptions."""

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
    """The options of "screenshot"."""

    selector: str
    """The element to capture; the whole page by default."""
    scroll_page: bool
    screenshot_options: BrowserRunPuppeteerScreenshotOptions


class Margin(TypedDict, total=False):
    """The margins of a page, in pixels or with a unit."""

    top: str | float
    right: str | float
    bottom: str | float
    left: str | float


class PDFOptions(TypedDict, total=False):
    """Options for a PDF."""

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
    timeout: int | timedelta
    """The time limit, as a timedelta or in milliseconds."""


class BrowserRunPDFOptions(BrowserRunCommonOptions, total=False):
    """The options of "pdf"."""

    pdf_options: PDFOptions


class ScrapeElement(TypedDict):
    """A selector of elements to return."""

    selector: str


class _Elements(TypedDict):
    elements: list[ScrapeElement]


class BrowserRunScrapeOptions(_Elements, BrowserRunCommonOptions):
    """The options of "scrape"."""


class BrowserRunLinksOptions(BrowserRunCommonOptions, total=False):
    """The options of "links"."""

    visible_links_only: bool
    exclude_external_links: bool


class BrowserRunSnapshotOptions(BrowserRunCommonOptions, total=False):
    """The options of "snapshot"; its screenshot is base64."""

    formats: list[BrowserRunSnapshotFormat]
    screenshot_options: BrowserRunPuppeteerScreenshotOptions


class BrowserRunAccessibilityTreeOptions(BrowserRunCommonOptions, total=False):
    """The options of "accessibilityTree"."""

    interesting_only: bool
    root: str
    """The selector of the tree's root; the whole page by default."""


class CustomAI(TypedDict):
    """A model for "json", with the value of its Authorization header."""

    model: str
    authorization: NotRequired[str]


class BrowserRunJsonOptions(BrowserRunCommonOptions, total=False):
    """The options of "json": a prompt, a JSON schema or both describe the data to extract."""

    prompt: str
    response_format: dict[str, Any]
    """The format as in Workers AI: ``{"type": "json_schema", "json_schema": {…}}``."""
    custom_ai: list[CustomAI]


# Responses: the JSON of their bodies -------------------------------------------------------------


class BrowserRunRedirectHop(TypedDict):
    """A redirect on the way to the page."""

    url: str
    status: int
    headers: dict[str, str]


class BrowserRunResponseMeta(TypedDict):
    """The status and the title of the page. JS: BrowserRunResponseMeta."""

    status: int
    title: str
    headers: NotRequired[dict[str, str]]
    finalUrl: NotRequired[str]
    redirectChain: NotRequired[list[BrowserRunRedirectHop]]


class _Success(TypedDict):
    success: Literal[True]
    meta: BrowserRunResponseMeta


class BrowserRunContentSuccessResponse(_Success):
    """The response of "content": the HTML of the page."""

    result: str


class BrowserRunMarkdownSuccessResponse(_Success):
    """The response of "markdown": the page as Markdown."""

    result: str


class BrowserRunLinksSuccessResponse(_Success):
    """The response of "links": URLs."""

    result: list[str]


class ScrapedAttribute(TypedDict):
    """An attribute of an element."""

    name: str
    value: str


class ScrapedElement(TypedDict):
    """An element that matches; its position and size are in pixels."""

    html: str
    text: str
    width: float
    height: float
    top: float
    left: float
    attributes: list[ScrapedAttribute]


class ScrapeResult(TypedDict):
    """The elements that match a selector."""

    selector: str
    results: list[ScrapedElement]


class BrowserRunScrapeSuccessResponse(_Success):
    """The response of "scrape"."""

    result: list[ScrapeResult]


class BrowserRunSerializedAXNode(TypedDict):
    """A node of the accessibility tree. JS: BrowserRunSerializedAXNode."""

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
    children: NotRequired[list[dict[str, Any]]]
    """The child nodes, with the same keys. (A row type cannot refer to itself.)"""


class Snapshot(TypedDict, total=False):
    """A page in the requested formats; the screenshot is base64."""

    content: str
    screenshot: str
    markdown: str
    accessibilityTree: BrowserRunSerializedAXNode


class BrowserRunSnapshotSuccessResponse(_Success):
    """The response of "snapshot"."""

    result: Snapshot


class AccessibilityTree(TypedDict):
    """The accessibility tree; None if it is empty."""

    accessibilityTree: BrowserRunSerializedAXNode | None


class BrowserRunAccessibilityTreeSuccessResponse(_Success):
    """The response of "accessibilityTree"."""

    result: AccessibilityTree


class BrowserRunJsonSuccessResponse(_Success):
    """The response of "json": the data that the model extracted."""

    result: dict[str, Any]


class BrowserRunScriptSuccessResponse(TypedDict):
    """The response of ``script`` and ``script_in_session``: the script's result."""

    success: Literal[True]
    result: Any


class ErrorDetail(TypedDict):
    """The description of an error."""

    message: str
    code: NotRequired[int]
    detail: NotRequired[str]
    path: NotRequired[str]


class BrowserRunErrorResponse(TypedDict):
    """The response of a failed action. JS: BrowserRunErrorResponse."""

    success: Literal[False]
    errors: list[ErrorDetail]


class BrowserRunJsonErrorResponse(BrowserRunErrorResponse):
    """The response of a failed "json", with the answer of the model."""

    rawAiResponse: NotRequired[str]
