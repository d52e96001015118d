"""Reading a deck critically: what should change comes as suggestions, for persons to decide on."""
