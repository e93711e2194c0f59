-- Whose receivables changed: counted by customer in the same transaction, whoever changed them, so that no change is overlooked.

CREATE FUNCTION customers_changed(whose text[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO follow_ups AS f (customer, changes)
    SELECT DISTINCT c, 1 FROM unnest(whose) AS c WHERE c <> '' ORDER BY c
    ON CONFLICT (customer) DO UPDATE SET changes = f.changes + 1
$$;

CREATE FUNCTION documents_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM customers_changed(ARRAY(SELECT customer FROM made WHERE target_id <> ''));
    RETURN NULL;
END $$;

CREATE FUNCTION payments_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM customers_changed(ARRAY(SELECT customer FROM made));
    RETURN NULL;
END $$;

CREATE FUNCTION disputes_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM customers_changed(ARRAY(
        SELECT d.customer FROM made m JOIN billing_documents d ON d.reference = m.document));
    RETURN NULL;
END $$;

-- A decision on what cash application or collections asked wants to be looked at as well.
CREATE FUNCTION cash_decided() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM customers_changed(ARRAY[NEW.customer]);
    RETURN NULL;
END $$;

CREATE TRIGGER documents_changed AFTER UPDATE ON billing_documents REFERENCING NEW TABLE AS made
FOR EACH STATEMENT EXECUTE FUNCTION documents_changed();
CREATE TRIGGER payments_came AFTER INSERT ON payments REFERENCING NEW TABLE AS made
FOR EACH STATEMENT EXECUTE FUNCTION payments_changed();
CREATE TRIGGER payments_changed AFTER UPDATE ON payments REFERENCING NEW TABLE AS made
FOR EACH STATEMENT EXECUTE FUNCTION payments_changed();
CREATE TRIGGER disputes_came AFTER INSERT ON disputes REFERENCING NEW TABLE AS made
FOR EACH STATEMENT EXECUTE FUNCTION disputes_changed();
CREATE TRIGGER disputes_changed AFTER UPDATE ON disputes REFERENCING NEW TABLE AS made
FOR EACH STATEMENT EXECUTE FUNCTION disputes_changed();
CREATE TRIGGER cash_decided AFTER UPDATE OF state ON cases FOR EACH ROW
WHEN (NEW.state = 'settled' AND OLD.state <> 'settled' AND NEW.control_point = 'cash_application' AND NEW.workflow_id = '')
EXECUTE FUNCTION cash_decided();
