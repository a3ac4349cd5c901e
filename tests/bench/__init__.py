"""How fast dynacli is, as ratios against bare imports in the same run: `python -m tests.bench`.

Everything measured is a whole process. A run and its base take turns, so that a machine which is slow for
a while is slow for both; the ratio is the median of the ratios of the pairs.
"""
