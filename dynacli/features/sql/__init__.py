"""SQL: `--sql` asks a response, `dynacli sync` copies lists into a SQLite file, and `dynacli sql` reads such files."""
