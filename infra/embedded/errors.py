"""What the embedded servers and their supervisor raise."""


class EmbeddedError(Exception):
    """Something a person has to see to; its text is ready to be shown as it is."""
