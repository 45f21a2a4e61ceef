"""What can be said of a corpus from its files alone: counts, the ledger law, differences, the dataset card."""
