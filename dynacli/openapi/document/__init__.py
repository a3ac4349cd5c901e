"""Loading of an OpenAPI document from a URL, a file or standard input.

dynacli fetches the document under limits, parses it, joins its files and resolves references with prance.
Callers get the same structure for versions 2.0 to 3.2. Read `load` first.
"""
