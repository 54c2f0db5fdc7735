"""SQLite as Django knows it, with a fair chance for every writer."""
