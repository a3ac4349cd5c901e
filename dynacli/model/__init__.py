"""The nouns of OpenAPI as frozen records: operation, parameter, media type, server, security scheme."""
