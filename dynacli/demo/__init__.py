"""The demo API: Armature's 23 operations on a real socket of this machine.

`demo_facts` says what it is, and `demo_server` serves the document that ships. The application responds from data
that starts again with each server. It is a package of its own below `registry`, which opens it like any other API.
"""
