"""Roles of the database."""

# It may append to the log, and neither change nor delete (0026_append_only.sql).
WRITER = "decklog_writer"
