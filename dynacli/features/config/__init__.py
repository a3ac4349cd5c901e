"""`dynacli config`, `ignore` and `policy`: show, change and explain the configuration."""
