"""The cursors of listings: the last name of a page, in base64, as miniflare writes them."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode

__all__ = ["cursor_after", "name_in_cursor"]


def cursor_after(name: str) -> str:
    """Return the cursor of a page that ends with ``name``."""
    return b64encode(name.encode()).decode()


def name_in_cursor(cursor: str) -> str:
    """Return the name in a cursor, as Node decodes base64: invalid text is read, not refused.

    Node also reads the URL-safe alphabet, skips other characters and stops at the first "=".
    """
    letters = cursor.translate({ord("-"): "+", ord("_"): "/"}).partition("=")[0]
    letters = re.sub("[^A-Za-z0-9+/]", "", letters)
    # Four letters are three bytes; a single letter at the end has no whole byte and is dropped.
    whole = letters[: len(letters) - (len(letters) % 4 == 1)]
    return b64decode(whole + "==").decode(errors="replace")
