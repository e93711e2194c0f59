"""Pure decisions that use several nouns."""
