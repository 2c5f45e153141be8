"""The import bundle: reading it and saying everything that is wrong with it, without a database."""
