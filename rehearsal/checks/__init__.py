"""What scenarios check, one file a topic: shapes, the evidence, and how both are compared."""
