"""The manual: one Markdown page for each topic of `dynacli help`.

`pages` finds a page by its topic and fills in the tables that come from code.
"""
