"""A real ERP to run against: Tryton, from an environment of its own, over our PostgreSQL, its books made over its own API."""
