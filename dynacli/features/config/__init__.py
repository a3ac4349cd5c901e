"""`dynacli config`, `ignore` and `policy`: the configuration is shown, changed and explained."""
