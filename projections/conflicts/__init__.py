"""The conflicts read model: one row a conflict, settled or not."""
