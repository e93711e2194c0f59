-- What was recognized and what was measured is never rewritten (R92): a correction is an event of its own.
CREATE TRIGGER revenue_events_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON revenue_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER revenue_measures_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON revenue_measures
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
