"""The configuration file `config.toml`: registered APIs, profiles, and settings."""
