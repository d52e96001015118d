"""What Decklog does in a second, measured against yardsticks in the same run: `make bench`."""
