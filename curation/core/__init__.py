"""The nouns that every layer shares: errors, schema, words, fingerprints, events, the ledger."""
