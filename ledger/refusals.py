"""The codes by which the database's own functions refuse something; decisions go by these, never by a text."""

BOUND_OTHERWISE = "HO001"
RECORDED_OTHERWISE = "HO002"
CLOCK_STANDS = "HO003"
APPEND_ONLY = "HO004"
