"""A reverse proxy: what passes through it is not altered, and judged once it has passed."""
