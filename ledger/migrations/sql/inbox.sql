-- Deliveries: kept once, counted always; whoever listens on handoff_inbox hears of them when they are committed.

CREATE FUNCTION inbox_arrived() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('handoff_inbox', '');
    RETURN NULL;
END $$;

CREATE TRIGGER inbox_arrived AFTER INSERT ON inbox FOR EACH ROW EXECUTE FUNCTION inbox_arrived();
CREATE TRIGGER inbox_handed_on AFTER UPDATE OF outcome, contract ON inbox FOR EACH ROW
WHEN (NEW.outcome IS NULL AND (OLD.outcome IS NOT NULL OR OLD.contract IS DISTINCT FROM NEW.contract))
EXECUTE FUNCTION inbox_arrived();
