"""The website of the manual: its generated pages, the check of what MkDocs builds, and the tests of its guides."""
