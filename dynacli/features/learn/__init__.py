"""Writes an OpenAPI document from traffic: from HAR files, the history, or requests that pass through a proxy.

`exchanges` selects what counts, `path_templates` finds path parameters, `observed_operations` collects what is known of
each operation, and `make_document` writes it.
"""
