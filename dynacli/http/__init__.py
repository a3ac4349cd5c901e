"""The HTTP client: requests with limits, redirects and retries, bodies as streams, downloads, and what failures mean.

A built request goes in. A response or an exception of `errors` comes out. Calls, documents and tokens all use it, and
it alone imports httpx. Read `send` first, then `exchange`.
"""
