-- Items and their allocations: the counters of an item are moved by its allocations, and by nothing else (DESIGN 5).

-- The same work told twice under two names has the same content (R67); null for what is never told twice.
CREATE FUNCTION billable_content(kind text, contract text, line text, person text, task text, role text, day date, quantity numeric,
                                 unit text, description text, note text, amount numeric)
RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN kind IN ('time', 'expense') THEN hashtextextended(
        kind || chr(31) || contract || chr(31) || line || chr(31) || person || chr(31) || task || chr(31) || role || chr(31)
        || coalesce((day - date '2000-01-01')::text, '') || chr(31) || trim_scale(quantity)::text || chr(31) || unit || chr(31) || note
        || CASE WHEN kind = 'expense' THEN chr(31) || description || chr(31) || trim_scale(amount)::text ELSE '' END, 0) END
$$;

-- Runs as the owner: the application cannot write a counter. Rows are locked in the order of their ids before they are moved, as
-- everybody does who moves them, so that two callers never wait for each other in a circle.
CREATE FUNCTION move_billables() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET work_mem = '64MB' AS $$
DECLARE
    wanted bigint;
    moved bigint;
BEGIN
    PERFORM FROM billables WHERE id IN (SELECT billable FROM made) ORDER BY id FOR NO KEY UPDATE;
    SELECT count(*) INTO wanted FROM (SELECT DISTINCT takes_from, billable, kind = 'uncredit' FROM made WHERE kind <> 'bill') t;
    IF wanted > 0 THEN
        UPDATE allocations a SET taken_back = a.taken_back + m.amount, taken_back_quantity = a.taken_back_quantity + m.quantity
        FROM (SELECT takes_from, billable, CASE kind WHEN 'uncredit' THEN 'credit' ELSE 'bill' END AS of_kind,
                     sum(amount) AS amount, sum(quantity) AS quantity
              FROM made WHERE kind <> 'bill' GROUP BY 1, 2, 3) m
        WHERE a.id = m.takes_from AND a.billable = m.billable AND a.kind = m.of_kind;
        GET DIAGNOSTICS moved = ROW_COUNT;
        IF moved <> wanted THEN
            RAISE EXCEPTION 'what is taken back was not allocated so' USING ERRCODE = 'HO005';
        END IF;
        -- Without its credit the invoice's allocation stands again.
        UPDATE allocations a SET taken_back = a.taken_back - m.amount, taken_back_quantity = a.taken_back_quantity - m.quantity
        FROM (SELECT c.takes_from, sum(u.amount) AS amount, sum(u.quantity) AS quantity
              FROM made u JOIN allocations c ON c.id = u.takes_from WHERE u.kind = 'uncredit' GROUP BY 1) m
        WHERE a.id = m.takes_from;
    END IF;
    IF NOT EXISTS (SELECT FROM made WHERE kind <> 'bill') THEN -- the way of a billing run, which may be long
        UPDATE billables b SET billed = b.billed + m.amount, billed_quantity = b.billed_quantity + m.quantity
        FROM (SELECT billable, sum(amount) AS amount, sum(quantity) AS quantity FROM made GROUP BY billable) m
        WHERE b.id = m.billable;
    ELSE
        UPDATE billables b SET billed = b.billed + m.billed, credited = b.credited + m.credited, closed = b.closed + m.closed,
               billed_quantity = b.billed_quantity + m.billed_quantity, closed_quantity = b.closed_quantity + m.closed_quantity
        FROM (SELECT n.billable,
                     sum(CASE n.kind WHEN 'bill' THEN n.amount WHEN 'unbill' THEN -n.amount ELSE 0 END) AS billed,
                     sum(CASE n.kind WHEN 'credit' THEN n.amount WHEN 'uncredit' THEN -n.amount ELSE 0 END) AS credited,
                     sum(CASE WHEN n.how IN ('written_off', 'price_adjustment') THEN n.sign * n.amount ELSE 0 END) AS closed,
                     sum(CASE WHEN n.kind IN ('bill', 'uncredit') THEN n.quantity ELSE -n.quantity END) AS billed_quantity,
                     sum(CASE WHEN n.how = 'written_off' THEN n.sign * n.quantity ELSE 0 END) AS closed_quantity
              FROM (SELECT t.*, CASE t.kind WHEN 'uncredit' THEN -1 ELSE 1 END AS sign,
                           CASE t.kind WHEN 'uncredit' THEN (SELECT c.disposition FROM allocations c WHERE c.id = t.takes_from)
                                       ELSE t.disposition END AS how
                    FROM made t) n
              GROUP BY n.billable) m
        WHERE b.id = m.billable;
    END IF;
    GET DIAGNOSTICS moved = ROW_COUNT;
    IF moved <> (SELECT count(DISTINCT billable) FROM made) THEN
        RAISE EXCEPTION 'an item that is not in the ledger cannot be allocated' USING ERRCODE = 'HO005';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER allocations_move_billables AFTER INSERT ON allocations REFERENCING NEW TABLE AS made
FOR EACH STATEMENT EXECUTE FUNCTION move_billables();

CREATE FUNCTION intake_bucket(contract text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT abs(hashtext(contract) % 64) $$;

-- Of the same work told twice one item stays open and the others wait for a person: what is billed or cleared by a person stays,
-- else the first by name, so that the order of arrival does not matter. Answers what waits.
CREATE FUNCTION weigh_twins(contents bigint[]) RETURNS SETOF billables LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY
    WITH told_twice AS (
        SELECT content FROM billables WHERE content = ANY (contents) AND content IS NOT NULL AND state <> 'withdrawn'
        GROUP BY content HAVING count(*) > 1 OR bool_or(hold_code = 'DUPLICATE_ENTRY')
    ), weighed AS (
        SELECT b.id, b.billed > b.credited OR b.closed > 0 OR b.charge_batch <> '' OR b.is_cleared AS stays,
               row_number() OVER w AS place, first_value(b.reference) OVER w AS first
        FROM billables b WHERE b.content IN (SELECT content FROM told_twice) AND b.state <> 'withdrawn'
        WINDOW w AS (PARTITION BY b.content
                     ORDER BY b.billed > b.credited OR b.closed > 0 OR b.charge_batch <> '' OR b.is_cleared DESC,
                              b.reference COLLATE "C")
    ), freed AS (
        UPDATE billables b SET state = 'open', hold_code = '', hold_note = ''
        FROM weighed w WHERE b.id = w.id AND w.place = 1 AND b.hold_code = 'DUPLICATE_ENTRY'
    )
    UPDATE billables b SET state = 'held', hold_code = 'DUPLICATE_ENTRY', hold_note = w.first
    FROM weighed w WHERE b.id = w.id AND w.place > 1 AND NOT w.stays AND b.state = 'open'
    RETURNING b.*;
END $$;

-- Approval taken back: what is not billed and not exported is withdrawn; what is not known yet is withdrawn before it comes.
CREATE FUNCTION withdraw_billables(names text[], sources text[], versions text[], because text)
RETURNS TABLE (reference text, outcome text, contract text, amount numeric, currency text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    touched bigint[];
BEGIN
    PERFORM pg_advisory_xact_lock(7248, 0); -- nothing is taken in meanwhile: an item could come under a name that is unknown here
    PERFORM FROM billables WHERE id IN (
        SELECT b.id FROM billables b WHERE b.reference = ANY (names)
        UNION SELECT t.id FROM billables b JOIN billables t ON t.content = b.content AND t.state <> 'withdrawn'
        WHERE b.reference = ANY (names)) ORDER BY id FOR NO KEY UPDATE;
    SELECT array_agg(b.content) INTO touched FROM billables b WHERE b.reference = ANY (names) AND b.content IS NOT NULL;
    RETURN QUERY
    WITH given AS (
        SELECT DISTINCT ON (n) n, s, v FROM unnest(names, sources, versions) AS g(n, s, v) ORDER BY n, v COLLATE "C" DESC
    ), judged AS (
        SELECT g.*, b.id, b.contract, b.amount, b.currency,
               CASE WHEN b.id IS NULL THEN 'unknown'
                    WHEN g.v COLLATE "C" < b.source_version COLLATE "C" THEN 'older'
                    WHEN b.state = 'withdrawn' THEN 'known'
                    WHEN b.billed > b.credited OR b.closed > 0 THEN 'after_billing'
                    WHEN b.charge_batch <> '' THEN 'after_export'
                    ELSE 'withdrawn' END AS outcome
        FROM given g LEFT JOIN billables b ON b.reference = g.n
    ), came_first AS (
        INSERT INTO billables (reference, source, source_version, state, hold_note)
        SELECT n, s, v, 'withdrawn', because FROM judged j WHERE j.outcome = 'unknown' ORDER BY n
    ), gone AS (
        UPDATE billables b SET state = 'withdrawn', hold_code = '', hold_note = because, approved = 0, is_cleared = false,
               source_version = j.v, changed_at = business_now()
        FROM judged j WHERE b.id = j.id AND j.outcome IN ('withdrawn', 'known')
    )
    SELECT j.n, j.outcome, coalesce(j.contract, ''), coalesce(j.amount, 0), coalesce(j.currency, '') FROM judged j ORDER BY j.n;
    PERFORM weigh_twins(touched);
END $$;

-- An amendment's own: the items of a contract or of one line of it, and those that come until it is lifted. Waits for whoever holds
-- them; answers what is open, so that it can be planned in money.
CREATE FUNCTION freeze_billables(of_key text, of_contract text, of_line text)
RETURNS TABLE (line text, kind text, items bigint, amount numeric, currency text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    found bigint[];
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7248, 0);
    PERFORM pg_advisory_xact_lock(7247, intake_bucket(of_contract));
    INSERT INTO billing_freezes AS f (key, contract, line) VALUES (of_key, of_contract, of_line)
    ON CONFLICT (key, contract, line) DO UPDATE SET lifted_at = NULL;
    -- Each half in the words of its partial index.
    SELECT array_agg(id) INTO found FROM (
        SELECT b.id FROM (
            SELECT o.id, o.line FROM billables o WHERE o.contract = of_contract
            AND o.state = 'open' AND o.frozen_by = '' AND o.billed - o.credited + o.closed < o.approved
            UNION ALL SELECT h.id, h.line FROM billables h WHERE h.state = 'held' AND h.contract = of_contract AND h.frozen_by = '') c
        JOIN billables b USING (id) WHERE of_line IN ('', c.line) ORDER BY b.id FOR NO KEY UPDATE OF b) t;
    UPDATE billables b SET frozen_by = of_key
    WHERE b.id = ANY (found) AND b.frozen_by = '' AND b.state <> 'withdrawn' AND b.billed - b.credited + b.closed < b.approved;
    RETURN QUERY
    SELECT b.line, b.kind, count(*), sum(b.approved - b.billed + b.credited - b.closed), b.currency FROM billables b
    WHERE b.frozen_by = of_key AND b.contract = of_contract AND of_line IN ('', b.line) GROUP BY b.line, b.kind, b.currency ORDER BY 1, 2, 5;
END $$;

CREATE FUNCTION unfreeze_billables(of_key text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    freed bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(7248, 0);
    PERFORM FROM billables b WHERE b.frozen_by = of_key ORDER BY b.id FOR NO KEY UPDATE;
    UPDATE billing_freezes SET lifted_at = business_now() WHERE key = of_key AND lifted_at IS NULL;
    -- Another amendment may have asked for the same items meanwhile; then they are its own from now on.
    UPDATE billables b SET frozen_by = coalesce((
        SELECT f.key FROM billing_freezes f
        WHERE f.contract = b.contract AND f.line IN ('', b.line) AND f.lifted_at IS NULL ORDER BY f.since, f.key LIMIT 1), '')
    WHERE b.frozen_by = of_key;
    GET DIAGNOSTICS freed = ROW_COUNT;
    RETURN freed;
END $$;

-- Where items come in and claims are worked out: tables of the session, which the application may not make by itself.
CREATE FUNCTION open_staging() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF to_regclass('pg_temp.staged_billables') IS NULL THEN
        CREATE TEMP TABLE staged_billables ON COMMIT DELETE ROWS AS
        SELECT reference, kind, contract, line, entity, customer, currency, service_from, service_until, quantity, unit, rate,
               rate_version, amount, description, workstream, purchase_order, tax_code, practice, region, revenue_treatment,
               cost_center, person, role, task, phase, approved_by, note, source, source_version, evidence::text AS evidence,
               hold_code, hold_note
        FROM billables WITH NO DATA;
        ALTER TABLE staged_billables ADD COLUMN content bigint GENERATED ALWAYS AS (billable_content(
            kind, contract, line, person, task, role, service_from, quantity, unit, description, note, amount)) STORED;
        EXECUTE format('GRANT SELECT, INSERT ON staged_billables TO %I', session_user);
    END IF;
END $$;

CREATE FUNCTION open_claims() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF to_regclass('pg_temp.claimed') IS NULL THEN
        CREATE TEMP TABLE claimed (id bigint, contract text, line text, kind text, customer text, entity text, currency text,
            purchase_order text, service_from date, service_until date, open_amount numeric, open_quantity numeric,
            billed_quantity numeric, amount numeric, unit text, rate numeric, description text, role text, person text, tax_code text, practice text, region text,
            revenue_treatment text, cost_center text, bundle text, heap text, left_for text DEFAULT '') ON COMMIT DELETE ROWS;
        CREATE TEMP TABLE claimed_heaps (bundle text, heap text, document text, number integer) ON COMMIT DELETE ROWS;
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON claimed, claimed_heaps TO %I', session_user);
    END IF;
    DELETE FROM claimed;
    DELETE FROM claimed_heaps;
END $$;

-- Without knowing how many rows there are the planner takes a few for granted.
CREATE FUNCTION count_staging() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS
$$ BEGIN ANALYZE staged_billables; END $$;
CREATE FUNCTION count_claims() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS
$$ BEGIN ANALYZE claimed; END $$;
