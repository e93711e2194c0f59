#!/bin/sh
# Run by Temporal's admin-tools image: our namespace with its retention and search attributes. Safe to run again.
set -eu
temporal operator cluster health
temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
    temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE"
temporal operator namespace update --namespace "$TEMPORAL_NAMESPACE" --retention 90d

# As workflows/search_attributes.py names them; a test compares.
for name in Engagement Customer LegalEntity CorrelationId BusinessStatus ExceptionCode; do
    temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$name" --type Keyword
done
