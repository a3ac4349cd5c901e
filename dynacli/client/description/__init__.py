"""An operation described once, as data, which help, cards, lists, exports and forms render."""
