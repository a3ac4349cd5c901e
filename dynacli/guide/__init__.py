"""The manual: one Markdown page a topic, read by `dynacli help TOPIC`."""
