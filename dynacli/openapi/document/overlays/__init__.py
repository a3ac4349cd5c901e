"""Overlays: changes to a document that are kept beside it (Overlay Specification 1.0.0)."""
