"""The links of responses: which calls can follow one, and with which values (OpenAPI 3.2.0, "Link Object")."""
