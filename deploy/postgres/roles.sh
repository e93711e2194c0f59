#!/bin/sh
# Run once by the postgres image over an empty folder: Temporal's role, Handoff's database, its owner, and the application role that
# owns nothing. Passwords come from the environment.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    --set temporal_password="$TEMPORAL_DB_PASSWORD" \
    --set owner_password="$HANDOFF_OWNER_PASSWORD" \
    --set app_password="$HANDOFF_APP_PASSWORD" <<'SQL'
CREATE ROLE temporal LOGIN CREATEDB PASSWORD :'temporal_password';
CREATE ROLE handoff_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE handoff_app LOGIN PASSWORD :'app_password';
CREATE DATABASE handoff OWNER handoff_owner;
REVOKE ALL ON DATABASE handoff FROM PUBLIC;
GRANT CONNECT ON DATABASE handoff TO handoff_app;
SQL
