"""The versions read model: one row a named version of a project."""
