"""openapi-core judges requests and answers; what it says becomes findings that a person can act on."""
