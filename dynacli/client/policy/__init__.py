"""What a person lets dynacli do with an API: which operations are called, which are asked about, which never are."""
