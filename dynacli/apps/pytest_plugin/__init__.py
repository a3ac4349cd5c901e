"""The pytest plugin: the fixture `dynacli_api`, tests made from a document, a report.

Every run of pytest imports `plugin`, so it imports the rest only when a test asks for it. Read `plugin` first.
"""
