"""The rules of the tree that the rewriter follows without building one.

They are: the language of a tag (HTML, SVG or MathML), the tags whose content is text, and the
places where only a tree could tell whether it is text.
"""

from __future__ import annotations

from ..js_exception import JsException
from .states import State

__all__ = ["HTML", "TEXT_AFTER", "Ambiguity", "Attribute", "Namespaces", "lower", "parser_error"]

HTML = "http://www.w3.org/1999/xhtml"
_SVG = "http://www.w3.org/2000/svg"
_MATHML = "http://www.w3.org/1998/Math/MathML"

Attribute = tuple[bytes, bytes, bytes]
"""The name, the value, and the whole attribute as it was written."""


def parser_error(message: str) -> JsException:
    return JsException("TypeError", f"Parser error: {message}")


def lower(text: str) -> str:
    """Return text with ASCII letters in lower case: HTML compares names so."""
    return text.translate(_LOWER)


_LOWER = {capital: capital + 32 for capital in range(ord("A"), ord("Z") + 1)}

TEXT_AFTER = {
    b"textarea": State.RAWTEXT,
    b"title": State.RAWTEXT,
    b"style": State.RAWTEXT,
    b"iframe": State.RAWTEXT,
    b"xmp": State.RAWTEXT,
    b"noembed": State.RAWTEXT,
    b"noframes": State.RAWTEXT,
    b"noscript": State.RAWTEXT,
    b"script": State.SCRIPT_DATA,
    b"plaintext": State.PLAINTEXT,
}


class Namespaces:
    """The language of the markup: HTML, or SVG and MathML within it.

    It simulates the standard's rules for foreign content, without the stack of open elements:
    https://html.spec.whatwg.org/multipage/parsing.html#parsing-main-inforeign.
    """

    def __init__(self) -> None:
        self._stack = [HTML]

    @property
    def current(self) -> str:
        return self._stack[-1]

    def started(self, name: bytes, attributes: list[Attribute], self_closing: bool) -> bool:
        """Process a start tag; return True if it is an element of HTML."""
        if name in (b"svg", b"math"):
            self._stack.append(_SVG if name == b"svg" else _MATHML)
            return False
        if self.current == HTML:
            return True
        if name in _OUT_OF_FOREIGN or (name == b"font" and _names(attributes) & _OF_FONT):
            self._stack.pop()
        elif not self_closing and (
            name in _INTEGRATION[self.current]
            or (self.current == _MATHML and name == b"annotation-xml" and _is_html(attributes))
        ):
            self._stack.append(HTML)
        return False

    def ended(self, name: bytes) -> None:
        """Process an end tag."""
        if self.current != HTML:
            root = b"svg" if self.current == _SVG else b"math"
            leaves = name in (root, b"p", b"br")
        else:
            outer = self._stack[-2] if len(self._stack) > 1 else HTML
            leaves = name in _INTEGRATION[outer]
            leaves = leaves or (outer == _MATHML and name == b"annotation-xml")
        if leaves:
            self._stack.pop()


def _names(attributes: list[Attribute]) -> set[bytes]:
    return {name.lower() for name, _, _ in attributes}


def _is_html(attributes: list[Attribute]) -> bool:
    return any(
        name.lower() == b"encoding" and value.lower() in (b"text/html", b"application/xhtml+xml")
        for name, value, _ in attributes
    )


# Start tags that end foreign content; <font> does so only with one of these attributes.
_OF_FONT = {b"color", b"size", b"face"}
_OUT_OF_FOREIGN = set(
    b"b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li"
    b" listing menu meta nobr ol p pre ruby s small span strong strike sub sup table tt u ul"
    b" var".split()
)
# Integration points: elements of SVG and MathML that contain HTML.
_INTEGRATION = {
    HTML: set[bytes](),
    _SVG: {b"desc", b"title", b"foreignobject"},
    _MATHML: {b"mi", b"mo", b"mn", b"ms", b"mtext"},
}


class Ambiguity:
    """A guard that refuses elements of text where only a tree could tell whether they count.

    A browser ignores such a tag inside ``<select>`` or ``<frameset>``: the text after it would be
    markup. workerd has the same rules (tests/contract/test_html_rewriter.py).
    """

    def __init__(self) -> None:
        self._inside = ""
        self._templates = 0

    def started(self, name: bytes) -> None:
        """Process a start tag; raise a JsException if its meaning is ambiguous."""
        if not self._inside:
            self._inside = {b"select": "select", b"frameset": "frameset"}.get(name, "")
        elif self._inside == "frameset":
            self._refuse(name, b"noframes")
        elif self._templates or name == b"template":
            self._templates += name == b"template"
            self._refuse(name)
        elif name in (b"select", b"textarea", b"input", b"keygen"):
            self._inside = ""
        else:
            self._refuse(name, b"script")

    def ended(self, name: bytes) -> None:
        """Process an end tag."""
        if self._templates:
            self._templates -= name == b"template"
        elif self._inside == "select" and name == b"select":
            self._inside = ""

    def _refuse(self, name: bytes, allowed: bytes = b"") -> None:
        if name in TEXT_AFTER and name != allowed:
            raise parser_error(_AMBIGUOUS.replace("{}", name.decode()))


# workerd's own words, with its slips
_AMBIGUOUS = (
    "The parser has encountered a text content tag (`<{}>`) in the context where it is ambiguous "
    "whether this tag should be ignored or not. And, thus, is is unclear is consequent content "
    "should be parsed as raw text or HTML markup.\n\n"
    "This error occurs due to the limited capabilities of the streaming parsing. However, almost "
    "all of the cases of this error are caused by a non-conforming markup (e.g. a `<script>` "
    "element in `<select>` element)."
)
