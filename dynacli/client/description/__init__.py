"""An operation described once, as data, which help, summaries, lists, exports and forms render."""
