"""The verb `dynacli config`, which reads and writes settings, one key at a time, as `dynacli api set` does, too."""
