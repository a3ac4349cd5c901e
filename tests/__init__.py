"""The tests, and what they share."""

import sys

# pytest rewrites each module of a package that brings a plugin, as dynacli does; dynacli has no asserts to explain.
for _finder in sys.meta_path:
    getattr(_finder, "_must_rewrite", set()).discard("dynacli")
