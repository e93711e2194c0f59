"""How we talk to Temporal and to the machine; knows canonical words, nothing of the processes."""
