"""Validates requests and responses: each defect becomes a finding.

A message and its operation go in, findings come out. openapi-core checks messages, and the compiled schemas of
`openapi/schema/evaluation` say whether a value is valid. Read `validate_by_level` first, then `validator`.
"""
