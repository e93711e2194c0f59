"""Salesforce with the CPQ package (SBQQ): deals and accounts, quotes, outbound messages, and changes by polling."""
