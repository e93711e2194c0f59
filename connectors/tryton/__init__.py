"""Tryton 8: customers, project accounting, receivables and general ledger over its JSON-RPC."""
