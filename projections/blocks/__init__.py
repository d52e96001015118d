"""The blocks read model: one row a block."""
