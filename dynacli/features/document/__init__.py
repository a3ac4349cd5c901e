"""`dynacli document`: the document of an API, as it was fetched or in one file."""
