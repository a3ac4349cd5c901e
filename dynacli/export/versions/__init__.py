"""Documents written in another version of OpenAPI, for programs that know only that one."""
