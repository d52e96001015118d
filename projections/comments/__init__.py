"""The comments read model: one row a thread, one a reply. What people wrote stays sealed in it."""
