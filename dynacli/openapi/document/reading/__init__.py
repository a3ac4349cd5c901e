"""From bytes to a tree of plain JSON values, with the line of each place."""
