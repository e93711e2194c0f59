"""Side effects, each safe to run twice; they know capabilities (ports), never vendors."""
