"""The judge: openapi-core validates requests and answers, and each defect becomes a finding."""
