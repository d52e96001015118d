"""The themes read model: one row a theme that a user has defined."""
