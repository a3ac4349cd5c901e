"""Resources: `dynacli resources` shows what an API lists, reads, creates, changes and deletes."""
