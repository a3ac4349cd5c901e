"""Plans: `--plan` writes the requests of a run into a file, and `dynacli plan` shows and applies them."""
