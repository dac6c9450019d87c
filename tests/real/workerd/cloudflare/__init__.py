"""The part of the runtime's own Python package ``_cloudflare`` that import patches need.

The harness writes these modules into the isolate as ``_cloudflare``. They have the interface that
the official SDK's patches expect, and they treat entropy as production does.
"""
