"""The billing ledger (DESIGN 5): what was approved, billed and credited of each item; every statement works on sets."""
