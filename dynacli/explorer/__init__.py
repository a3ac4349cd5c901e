"""An API on the whole screen, as `dynacli explore` shows it: its operations are found, filled in, called and judged."""
