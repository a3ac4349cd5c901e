"""Links of responses: the next calls, and the values they take (OpenAPI 3.2.0, "Link Object")."""
