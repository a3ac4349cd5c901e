"""Documents of Swagger 2.0 become documents of OpenAPI 3."""
