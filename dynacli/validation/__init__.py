"""Validates requests and responses: each defect becomes a finding.

Input: a message and its operation. Output: findings. openapi-core checks messages, and the compiled schemas of
`openapi/schema/evaluation` evaluate values. Read `validate_by_level` first, then `validator`.
"""
