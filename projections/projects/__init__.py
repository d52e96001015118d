"""The projects read model: one row a project, one a membership."""
