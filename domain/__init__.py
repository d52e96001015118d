"""The deck as a model: aggregates, events, block content and the rules between them. Pure."""
