"""The validating proxy of `dynacli proxy`.

Requests of other programs pass through it unchanged. Each exchange is validated after it has passed. Read
`run_proxy` first, then `_passing_exchange`.
"""
