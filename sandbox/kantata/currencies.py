"""The currencies of the account: the symbol, and how many subunits make a unit."""

CURRENCIES = {"USD": ("$", 100), "EUR": ("€", 100), "GBP": ("£", 100), "CHF": ("CHF", 100), "JPY": ("¥", 1), "KWD": ("KD", 1000)}
