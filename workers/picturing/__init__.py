"""Pictures for decks: made by a model, or drawn as placeholders that say so."""
