"""Rehearsals: stories as files, played against simulated vendor systems with the whole product running, then judged."""
