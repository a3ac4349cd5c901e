"""`dynacli completion`: the scripts that complete commands in shells."""
