"""The write deployable: commands over HTTP."""
