"""The Worker's main module, named in wrangler.jsonc."""

from shortlinks.worker import Default

__all__ = ["Default"]
