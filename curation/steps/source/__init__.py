"""Sources read documents in."""
