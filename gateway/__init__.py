"""HTTP in: webhooks, CloudEvents, the process API, and the codec endpoint of the Temporal Web UI."""
