"""What `up`, `demo`, `scenario run` and tests share: a plan for a stack of this machine, and what its first start makes."""
