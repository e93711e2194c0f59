"""A real Tryton in rehearsals: its books read over plain HTTP, and the relay in front of it that has the faults."""
