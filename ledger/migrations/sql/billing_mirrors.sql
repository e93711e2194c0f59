-- What the ERP posted, as it says: journals balance, by journal and currency, or are refused (U3).

CREATE FUNCTION journals_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    SELECT j.journal, j.currency, sum(j.debit) AS debits, sum(j.credit) AS credits INTO wrong
    FROM journal_lines j WHERE (j.system, j.journal) IN (SELECT system, journal FROM made)
    GROUP BY j.system, j.journal, j.currency HAVING sum(j.debit) <> sum(j.credit) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'journal % has % debit and % credit in %', wrong.journal, wrong.debits, wrong.credits, wrong.currency
        USING ERRCODE = 'HO008';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER journals_balance AFTER INSERT ON journal_lines REFERENCING NEW TABLE AS made
FOR EACH STATEMENT EXECUTE FUNCTION journals_balance();
CREATE TRIGGER journals_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_lines FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER rates_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON rates FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER rate_cards_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON rate_cards FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER exchange_rates_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON exchange_rates
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
