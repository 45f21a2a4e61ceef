"""Tokenizers: trained on the corpus, inside its budget, and kept by the digest of what they were trained on."""
