"""Integration state in PostgreSQL: what was sent, what arrived, what it is called there, who did what; knows canonical only."""
