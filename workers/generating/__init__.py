"""Slides, suggestions and pictures, made by a model or, by default, from the source alone."""
