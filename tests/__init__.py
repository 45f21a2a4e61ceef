"""The tests. This is a package so that tests can share `tests.strategies` and `tests.unit.helpers`."""
