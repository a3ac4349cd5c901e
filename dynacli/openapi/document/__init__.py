"""From a source to one OpenAPI document.

A URL, a file or standard input goes in. It is fetched under limits, parsed, and put together from its files, with
references resolved by prance. Versions 2.0 to 3.2 come out as one form. Read `load` first.
"""
