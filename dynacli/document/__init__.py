"""From a source to one OpenAPI document: fetched under limits, read, and put together from its files."""
