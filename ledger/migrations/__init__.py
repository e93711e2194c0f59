"""The database schema in steps; tables are written in Python, functions and triggers in SQL beside them."""
