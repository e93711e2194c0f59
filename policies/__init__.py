"""The firm's own rules: versioned, effective-dated YAML, and the models that read it; knows canonical and CEL only."""
