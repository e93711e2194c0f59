-- Retainers, purchase orders and caps as accounts of moves; run as the owner, since the application may not write a balance.

-- How much of what is wanted could be had, each want once under its key; accounts are locked in the order of their ids. A purchase
-- order or cap gives its tolerance only to what then fits whole; what does not fit is filled up to the ceiling (S14). An account
-- that is not kept sets no limit and is left out of the answer.
CREATE FUNCTION take_from_sub_ledgers(wants jsonb)
RETURNS TABLE (account bigint, kind text, contract text, name text, key text, wanted numeric, taken numeric, balance numeric,
               balance_before numeric, threshold numeric, agreed numeric, ceiling numeric, currency text, is_new boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
#variable_conflict use_column
BEGIN
    PERFORM FROM sub_ledgers s WHERE (s.kind, s.contract, s.name) IN (
        SELECT w ->> 'kind', w ->> 'contract', w ->> 'name' FROM jsonb_array_elements(wants) AS t(w))
    ORDER BY s.id FOR NO KEY UPDATE;
    RETURN QUERY
    WITH asked AS (
        SELECT s.*, w ->> 'key' AS key, (w ->> 'amount')::numeric AS wanted, place, coalesce(w ->> 'document', '') AS document,
               coalesce(w ->> 'did', 'taken') AS did
        FROM jsonb_array_elements(wants) WITH ORDINALITY AS t(w, place)
        JOIN sub_ledgers s ON (s.kind, s.contract, s.name) = (w ->> 'kind', w ->> 'contract', w ->> 'name')
    ), measured AS (
        SELECT a.*, sum(a.wanted) OVER w AS until_here,
               CASE WHEN a.ceiling IS NULL THEN a.balance
                    WHEN sum(a.wanted) OVER (PARTITION BY a.id) <= a.ceiling + a.tolerance - a.balance
                    THEN a.ceiling + a.tolerance - a.balance
                    ELSE greatest(a.ceiling - a.balance, 0) END AS room
        FROM asked a WHERE NOT EXISTS (SELECT FROM sub_ledger_moves m WHERE m.account = a.id AND m.key = a.key)
        WINDOW w AS (PARTITION BY a.id ORDER BY a.place)
    ), given AS (
        SELECT m.*, least(m.until_here, m.room) - least(m.until_here - m.wanted, m.room) AS had,
               CASE WHEN m.ceiling IS NULL THEN -1 ELSE 1 END AS sign, least(m.until_here, m.room) AS had_until_here
        FROM measured m
    ), moved AS (
        INSERT INTO sub_ledger_moves (account, key, did, amount, balance_after, document)
        SELECT g.id, g.key, g.did, g.sign * g.had, g.balance + g.sign * g.had_until_here, g.document
        FROM given g WHERE g.had > 0 ORDER BY g.id, g.place RETURNING *
    ), counted AS (
        UPDATE sub_ledgers s SET balance = s.balance + m.amount
        FROM (SELECT account, sum(amount) AS amount FROM moved GROUP BY account) m WHERE s.id = m.account
    )
    SELECT a.id, a.kind, a.contract, a.name, a.key, a.wanted, coalesce(abs(m.amount), abs(o.amount), 0),
           coalesce(m.balance_after, o.balance_after, a.balance),
           coalesce(m.balance_after - m.amount, o.balance_after - o.amount, a.balance),
           a.threshold, a.agreed, a.ceiling, a.currency, m.id IS NOT NULL
    FROM asked a LEFT JOIN moved m ON m.account = a.id AND m.key = a.key
    LEFT JOIN sub_ledger_moves o ON o.account = a.id AND o.key = a.key
    ORDER BY a.place;
END $$;

-- Money that is put into a retainer, once under its key.
CREATE FUNCTION fund_sub_ledger(of_kind text, of_contract text, of_name text, of_key text, of_amount numeric, of_document text, of_did text)
RETURNS sub_ledger_moves LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    held sub_ledgers;
    made sub_ledger_moves;
BEGIN
    SELECT * INTO held FROM sub_ledgers WHERE kind = of_kind AND contract = of_contract AND name = of_name FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no % % of %', of_kind, of_name, of_contract USING ERRCODE = 'HO006';
    END IF;
    SELECT * INTO made FROM sub_ledger_moves WHERE account = held.id AND key = of_key;
    IF NOT FOUND THEN
        UPDATE sub_ledgers SET balance = balance + of_amount WHERE id = held.id;
        INSERT INTO sub_ledger_moves (account, key, did, amount, balance_after, document)
        VALUES (held.id, of_key, of_did, of_amount, held.balance + of_amount, of_document) RETURNING * INTO made;
    END IF;
    RETURN made;
END $$;

-- Take back what a document moved: all that is left of it, or so much of each account; once for each document that does it.
CREATE FUNCTION give_back_moves(of_document text, by_document text, parts jsonb)
RETURNS TABLE (account bigint, kind text, name text, amount numeric, balance numeric)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
#variable_conflict use_column
BEGIN
    PERFORM FROM sub_ledgers s WHERE s.id IN (SELECT m.account FROM sub_ledger_moves m WHERE m.document = of_document)
    ORDER BY s.id FOR NO KEY UPDATE;
    RETURN QUERY
    WITH undoable AS (
        SELECT m.*, abs(m.amount) - m.taken_back AS remains, coalesce((parts ->> m.account::text)::numeric,
               CASE WHEN parts IS NULL THEN 'Infinity'::numeric ELSE 0 END) AS wanted,
               sum(abs(m.amount) - m.taken_back) OVER (PARTITION BY m.account ORDER BY m.id) AS until_here
        FROM sub_ledger_moves m WHERE m.document = of_document
          AND NOT EXISTS (SELECT FROM sub_ledger_moves o WHERE o.account = m.account AND o.key = by_document || '/' || m.id)
    ), parted AS (
        SELECT u.*, least(u.until_here, u.wanted) - least(u.until_here - u.remains, u.wanted) AS back FROM undoable u
    ), due AS (
        SELECT p.id, p.account, p.reverses, p.back, -sign(p.amount) * p.back AS amount, s.kind, s.name,
               s.balance + sum(-sign(p.amount) * p.back) OVER (PARTITION BY p.account ORDER BY p.id) AS balance_after
        FROM parted p JOIN sub_ledgers s ON s.id = p.account WHERE p.back > 0
    ), moved AS (
        INSERT INTO sub_ledger_moves (account, key, did, amount, balance_after, document, reverses)
        SELECT d.account, by_document || '/' || d.id, 'given_back', d.amount, d.balance_after, by_document, d.id FROM due d ORDER BY d.id
    ), marked AS (
        -- What is undone may itself have undone something, which then stands again.
        UPDATE sub_ledger_moves m SET taken_back = m.taken_back + t.change
        FROM (SELECT id, sum(change) AS change FROM (
                  SELECT d.id, d.back AS change FROM due d
                  UNION ALL SELECT d.reverses, -d.back FROM due d WHERE d.reverses IS NOT NULL) c GROUP BY id) t
        WHERE m.id = t.id
    ), counted AS (
        UPDATE sub_ledgers s SET balance = s.balance + t.amount
        FROM (SELECT d.account, sum(d.amount) AS amount FROM due d GROUP BY d.account) t WHERE s.id = t.account
    )
    SELECT d.account, max(d.kind), max(d.name), sum(d.back), (array_agg(d.balance_after ORDER BY d.id DESC))[1]
    FROM due d GROUP BY d.account ORDER BY d.account;
END $$;
