-- A payment that was entered on the wrong customer and is moved to the right one concerns both.

CREATE FUNCTION payments_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM customers_changed(ARRAY(SELECT customer FROM was UNION SELECT customer FROM made));
    RETURN NULL;
END $$;

DROP TRIGGER payments_changed ON payments;
CREATE TRIGGER payments_changed AFTER UPDATE ON payments REFERENCING OLD TABLE AS was NEW TABLE AS made
FOR EACH STATEMENT EXECUTE FUNCTION payments_moved();
