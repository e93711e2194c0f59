-- Crediting what funded a retainer takes the money out of it again; the draws of an invoice were paid for work, never for a funding.

-- So much of a retainer as a memo takes back of what funded it, once for each memo; a retainer that was drawn on refuses.
CREATE FUNCTION unfund_retainers(of_memo text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM FROM sub_ledgers s JOIN billing_documents d ON d.reference = of_memo AND s.contract = d.contract
    WHERE s.kind = 'retainer' ORDER BY s.id FOR NO KEY UPDATE OF s;
    WITH taken AS (
        SELECT s.id, s.balance, sum(c.amount) AS amount
        FROM allocations c JOIN billables b ON b.id = c.billable AND b.kind = 'retainer'
        JOIN sub_ledgers s ON (s.kind, s.contract, s.name) = ('retainer', b.contract, b.line)
        WHERE c.document = of_memo AND c.kind = 'credit'
          AND NOT EXISTS (SELECT FROM sub_ledger_moves m WHERE m.account = s.id AND m.key = 'unfund/' || of_memo)
        GROUP BY s.id
    ), moved AS (
        INSERT INTO sub_ledger_moves (account, key, did, amount, balance_after, document)
        SELECT t.id, 'unfund/' || of_memo, 'unfunded', -t.amount, t.balance - t.amount, of_memo FROM taken t ORDER BY t.id
    )
    UPDATE sub_ledgers s SET balance = s.balance - t.amount FROM taken t WHERE s.id = t.id;
END $$;

-- What a retainer paid for is the work on its own line, or any of the invoice where that line has none.
CREATE OR REPLACE FUNCTION restore_retainers(of_memo text, of_invoice text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO billing_document_lines (document, number, kind, billing, line, description, amount, account, items)
    WITH drawn AS (
        SELECT m.account, s.name, sum(abs(m.amount) - m.taken_back) AS remains
        FROM sub_ledger_moves m JOIN sub_ledgers s ON s.id = m.account
        WHERE m.document = of_invoice AND s.kind = 'retainer' AND m.amount < 0 GROUP BY m.account, s.name
    ), standing AS (
        SELECT l.line, sum(a.amount - a.taken_back) AS amount
        FROM allocations a JOIN billing_document_lines l ON l.document = a.document AND l.number = a.line AND l.kind = 'charge'
             AND l.billing <> 'retainer'
        WHERE a.document = of_invoice AND a.kind = 'bill' GROUP BY l.line
    ), due AS (
        SELECT d.account, d.remains - coalesce(
                   (SELECT t.amount FROM standing t WHERE t.line = d.name), (SELECT sum(t.amount) FROM standing t), 0) AS back
        FROM drawn d
    )
    SELECT of_memo, 10000 + row_number() OVER (ORDER BY g.account) + (
               SELECT count(*) FROM billing_document_lines WHERE document = of_memo AND kind = 'retainer_draw'), 'retainer_draw', 'retainer', g.name,
           coalesce(l.description, 'Retainer'), -g.amount, coalesce(l.account, ''), 0
    FROM (SELECT jsonb_object_agg(account, back) AS parts FROM due WHERE back > 0) p,
         LATERAL give_back_moves(of_invoice, of_memo, p.parts) AS g
         LEFT JOIN billing_document_lines l ON l.document = of_invoice AND l.kind = 'retainer_draw' AND l.line = g.name
    WHERE p.parts IS NOT NULL;
END $$;
