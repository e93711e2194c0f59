"""What the application role may do, table by table; it owns nothing, so append-only means it."""

READ, APPEND, CHANGE = "SELECT", "SELECT, INSERT", "SELECT, INSERT, UPDATE"

TABLES = {
    "clock": READ,
    "audit": APPEND,
    "audit_heads": READ,
    "audit_anchors": READ,
    "facts": APPEND,
    "dossiers": APPEND,
    "effects": CHANGE,
    "cross_references": CHANGE,
    "inbox": CHANGE,
    "counters": CHANGE,
    "expectations": CHANGE,
    "watermarks": CHANGE,
    "cases": CHANGE,
    "engagements": CHANGE,
    "planned_revenue": CHANGE,
}
GUARDED = ("move_clock(interval)", "audit_anchor()", "audit_chain()")
"""Functions that run as the owner: for nobody but the application."""


def statements(role: str) -> list[str]:
    """The grants as SQL."""
    quoted = '"' + role.replace('"', '""') + '"'
    return [
        f"GRANT USAGE ON SCHEMA public TO {quoted}",
        *(f"GRANT {rights} ON {table} TO {quoted}" for table, rights in TABLES.items()),
        *(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC" for function in GUARDED),
        *(f"GRANT EXECUTE ON FUNCTION {function} TO {quoted}" for function in GUARDED[:2]),
    ]
