"""What is asked: one task a file, named as suites name it."""
