"""Policies: the operations that dynacli may call, must ask about, or refuses."""
