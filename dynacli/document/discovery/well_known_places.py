"""The paths where frameworks serve the document of an API, or a page that shows it; the most common paths first."""

import re

__all__ = ["BELOW", "CATALOG", "FIRST", "SECOND", "places_of_host"]

CATALOG = ".well-known/api-catalog"
"""The path of an API catalog (RFC 9727, section 2)."""

FIRST = (
    "openapi.json",  # FastAPI, Huma, LoopBack, Connexion, APIFlask, flask-smorest
    "swagger.json",  # Flask-RESTX, hapi-swagger, Connexion 2, go-swagger
    "v3/api-docs",  # springdoc
    "swagger/v1/swagger.json",  # Swashbuckle, NSwag
    "openapi.yaml",
    "openapi",  # MicroProfile, Phoenix
    "v2/api-docs",  # Springfox
    "api-docs",  # swagger-jsdoc, rswag
    "openapi/v1.json",  # ASP.NET Core 9
    "docs",  # FastAPI's page
    "swagger/index.html",  # the page of Swashbuckle, NSwag, swaggo
    "swagger-ui/index.html",  # the page of springdoc
    "v3/api-docs/swagger-config",  # springdoc's groups
)
"""The paths to try under the path that was given, and under the root of the origin."""

BELOW = (
    "api/openapi.json",  # Django Ninja, Prefect, many others behind `/api`
    "api/v1/openapi.json",
    "v1/openapi.json",
    "api/swagger.json",
)
"""The paths to try together with those under the root: where an application has its API below, it may serve a document
at the root, too, whose servers are not those of the API."""

SECOND = (
    "api/v1/swagger.json",
    "api/v1/swagger.yaml",
    "api/v1/openapi.yaml",
    "api/v2/swagger.json",
    "v1/swagger.json",
    "api/schema/",  # drf-spectacular
    "swagger/doc.json",  # swaggo
    "documentation/json",  # Fastify
    "api-json",  # NestJS
    "docs-json",  # NestJS, too
    "api-docs.json",
    "q/openapi",  # Quarkus
    "api/docs",  # the page of API Platform, Django Ninja
    "docs/openapi.json",  # Sanic
    "swagger.yaml",
    "openapi.yml",
    "apispec_1.json",  # Flasgger
    "schema/openapi.json",  # Litestar
    "doc",  # Hono
    "swagger",
    "api/openapi",  # Phoenix
    "redoc",
    "openapi/v2",  # Kubernetes
    ".well-known/openapi.json",
    "api-docs/openapi.json",  # utoipa
    "server/specs/oas",  # Directus
    "docs/api.json",  # Scramble
    "docs/api-docs.json",  # L5-Swagger
    "api/doc.json",  # NelmioApiDocBundle
    "swagger/docs/v1",  # Swashbuckle for ASP.NET Web API
    "api/spec.yaml",
    "api/spec.json",
    "api/openapi.yaml",
    "api/v1/full-spec",  # changedetection.io
    "api/v1/_openapi",  # Flask-AppBuilder, Superset
    "openapi/openapi.json",  # Flask-OpenAPI3
    "apidoc/openapi.json",  # SpecTree
    "_openapi.json",  # Nitro, Nuxt
)
"""The paths to try under the root where none of the first ones was a document."""

_ARMATURE = "api/armature/v1/openapi"
_ARMATURE_HOST = re.compile(
    r"(?:.+\.)?armature\.(?:app|tech)|127(?:\.\d{1,3}){3}|::1|localhost", re.IGNORECASE
)
"""The hosts of Armature, and those of its stand-in, which runs on this machine."""


def places_of_host(host: str) -> tuple[str, ...]:
    """Return the paths to try before all others at a certain host: Armature's has its document at its own path."""
    return (_ARMATURE,) if _ARMATURE_HOST.fullmatch(host.rstrip(".")) else ()
