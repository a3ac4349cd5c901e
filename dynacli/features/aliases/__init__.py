"""`dynacli alias`: short names for calls. `[apis.NAME.aliases]` of the configuration has them."""
