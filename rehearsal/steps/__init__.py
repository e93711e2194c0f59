"""The verbs of scenarios, one file a topic: shapes, and who performs them."""
