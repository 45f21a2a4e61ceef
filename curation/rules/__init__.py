"""The budget law as data: one YAML a challenge year and track, and what a profile may say."""
