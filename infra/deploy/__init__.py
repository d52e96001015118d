"""Deployment: images, compose, Kubernetes, what watches it, and what of it is made from the code."""
