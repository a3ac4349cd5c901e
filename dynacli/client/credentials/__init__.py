"""Credentials besides environment variables: choosing security schemes, signing in and stored credentials."""
