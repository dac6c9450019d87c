"""The static assets of tests/contract/site, served with each kind of HTML handling."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

SITE = Path(__file__).parents[1] / "site"

# binding -> html_handling, not_found_handling
HANDLING = {
    "FILES": ("auto-trailing-slash", "none"),
    "FILES_FORCE": ("force-trailing-slash", "404-page"),
    "FILES_DROP": ("drop-trailing-slash", "single-page-application"),
    "FILES_EXACT": ("none", "none"),
}


def fakes() -> dict[str, Any]:
    """Return the bindings for the fake world."""
    from pyworkers_sdk.testing import assets

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the rules of the site that are skipped
        return {
            name: assets(SITE, html_handling=html, not_found_handling=missing)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
            for name, (html, missing) in HANDLING.items()
        }
