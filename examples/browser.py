"""A real browser for the examples' tests: Debian's Chromium, headless."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import BrowserContext, expect, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

# Milliseconds. A busy machine takes longer than Playwright's defaults of 5 and 30 seconds.
_PATIENCE = 60_000

# This machine has no network. Without these options Chromium would keep calling its maker's hosts.
_QUIET = [
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
    """Start a Chromium with a new profile."""
    assert CHROMIUM, "scripts/setup installs it: apt-get install chromium"
    expect.set_options(timeout=_PATIENCE)
    with (
        sync_playwright() as playwright,
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
    ):
        browser = playwright.chromium.launch_persistent_context(
            folder,
            executable_path=CHROMIUM,
            headless=True,
            args=_QUIET,
            timeout=2 * _PATIENCE,
            viewport={"width": 900, "height": 640},
        )
        browser.set_default_timeout(_PATIENCE)
        try:
            yield browser
        finally:
            browser.close()
