"""The full-screen explorer of `dynacli explore`, on Textual.

An opened API goes in. You find an operation, fill in its form, send the call and read the response. Read
`explorer_app` first.
"""
