"""Oracle NetSuite through SuiteTalk REST: customers, project accounting, billing schedules, receivables, general ledger."""
