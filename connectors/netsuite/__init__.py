"""Oracle NetSuite through SuiteTalk REST: customers, project accounting and billing schedules."""
