"""Accepting what is certainly valid by compiled schemas, without asking openapi-core."""
