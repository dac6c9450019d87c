"""The Worker's main module, named in wrangler.jsonc."""

from books.worker import Default

__all__ = ["Default"]
