"""The sessions read model: one row a collaboration session, also after it has ended."""
