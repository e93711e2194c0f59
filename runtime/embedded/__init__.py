"""The whole stack as processes of this machine: PostgreSQL, Temporal, simulated vendors, gateway and worker, on loopback only."""
