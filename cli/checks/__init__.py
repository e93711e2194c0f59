"""What `handoff doctor` looks at, a file for each kind of thing; every finding names its remedy."""
