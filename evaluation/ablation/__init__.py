"""Did this change of data help? Arms and seeds trained alike, compared with the error that runs have."""
