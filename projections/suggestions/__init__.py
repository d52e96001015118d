"""The suggestions read model: one row a suggestion, decided or not."""
