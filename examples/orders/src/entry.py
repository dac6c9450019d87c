"""The Worker's main module, named in wrangler.jsonc."""

from orders.fulfilment import Fulfilment
from orders.worker import Default

__all__ = ["Default", "Fulfilment"]
