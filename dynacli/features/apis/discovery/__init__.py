"""Finds the document of an API by the URL of a site, a page or a server."""
