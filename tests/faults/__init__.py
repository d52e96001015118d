"""Faults: writers and readers work on a log while everything under them breaks, and a checker judges it after."""
