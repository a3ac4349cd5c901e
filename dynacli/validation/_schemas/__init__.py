"""The keywords of JSON Schema as openapi-core judges values by them."""
