"""The abilities of dynacli beside calls, help and search: a folder each.

`entry` has the commands of a feature, and `command` the functions that run them. A feature imports the core and no
other feature, so that you can delete its folder with its lines of the map in `dynacli/options/command_table.py`.
"""
