#!/bin/sh
# Run by Temporal's admin-tools image: create both databases, or bring their tables to this version. Safe to run again: what exists
# makes the first two steps fail and the last one decide.
set -eu
for pair in temporal:temporal temporal_visibility:visibility; do
    database=${pair%%:*}
    folder=${pair##*:}
    tool="temporal-sql-tool --plugin postgres12 --ep postgres -p 5432 -u temporal --db $database"
    $tool create || echo "$database was there"
    $tool setup-schema -v 0.0 || echo "$database had its version table"
    $tool update-schema -d "/etc/temporal/schema/postgresql/v12/$folder/versioned"
done
