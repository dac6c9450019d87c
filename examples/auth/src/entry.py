"""The Worker's main module, named in wrangler.jsonc."""

from auth.worker import Default

__all__ = ["Default"]
