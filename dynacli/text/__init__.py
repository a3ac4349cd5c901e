"""Text for people and files: foreign text made visible, Markdown, JSON, YAML, wrapped lines; nothing here writes."""
