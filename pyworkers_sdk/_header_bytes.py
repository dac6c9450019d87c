"""Header values as the bytes of the wire, for ASGI and WSGI.

The runtime decodes the bytes of a request as UTF-8, each invalid byte as U+FFFD, and encodes the
text of a response as UTF-8. Seen over a raw socket.
"""

from __future__ import annotations

__all__ = ["bytes_of_header", "text_of_header"]


def bytes_of_header(value: str) -> bytes:
    """Return the bytes that the runtime decoded to a header's text."""
    return value.encode(errors="surrogatepass")


def text_of_header(value: bytes) -> str:
    """Return the text that the runtime encodes to a header's bytes.

    Bytes that are not UTF-8 cannot be sent. They are read as Latin-1, as frameworks write them, so
    the client gets the same characters in UTF-8.
    """
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
