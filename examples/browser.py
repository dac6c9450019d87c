"""A real browser for the examples' tests: Debian's Chromium, headless."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import BrowserContext, expect, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

# In milliseconds. On a busy machine, Playwright's defaults of 5 and 30 seconds are too short.
_TIMEOUT_MS = 60_000

# The browser has no network here. Without these switches it keeps contacting Google's hosts.
_SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def chromium() -> Iterator[BrowserContext]:
    """Start Chromium with an empty profile, and close it at the end."""
    assert CHROMIUM, "Chromium is missing: run scripts/setup, or apt-get install chromium"
    expect.set_options(timeout=_TIMEOUT_MS)
    with (
        sync_playwright() as playwright,
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
    ):
        browser = playwright.chromium.launch_persistent_context(
            folder,
            executable_path=CHROMIUM,
            headless=True,
            args=_SWITCHES,
            timeout=2 * _TIMEOUT_MS,
            viewport={"width": 900, "height": 640},
        )
        browser.set_default_timeout(_TIMEOUT_MS)
        try:
            yield browser
        finally:
            browser.close()
