-- A retainer keeps paying for what still stands of the work that it paid for, and gets the rest back.

DROP FUNCTION credit_allocations(jsonb, bigint[], numeric[], numeric[], text[], numeric);
DROP FUNCTION restore_retainers(text, text, numeric);

-- A credit names allocations, whole or in part, of its invoice and of others of the same contract, customer, entity and currency. Caps
-- and purchase orders have their room again. Asked again, the same memo is the answer.
CREATE FUNCTION credit_allocations(head jsonb, ids bigint[], amounts numeric[], quantities numeric[], dispositions text[])
RETURNS billing_documents LANGUAGE plpgsql AS $$
DECLARE
    made billing_documents;
    of_invoice billing_documents;
    one billing_documents;
BEGIN
    PERFORM FROM billing_documents d WHERE d.reference = head ->> 'invoice' OR d.reference IN (
        SELECT a.document FROM allocations a WHERE a.id = ANY (ids)) ORDER BY d.reference FOR NO KEY UPDATE;
    SELECT * INTO of_invoice FROM billing_documents WHERE reference = head ->> 'invoice';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no invoice %', head ->> 'invoice' USING ERRCODE = 'HO006';
    END IF;
    SELECT * INTO made FROM billing_documents WHERE reference = head ->> 'reference';
    IF FOUND THEN
        RETURN made;
    END IF;
    IF EXISTS (SELECT FROM unnest(ids) AS g(i) LEFT JOIN allocations a ON a.id = g.i AND a.kind = 'bill'
               LEFT JOIN billing_documents d ON d.reference = a.document AND d.kind = 'invoice'
                    AND (d.contract, d.customer, d.entity, d.currency)
                        = (of_invoice.contract, of_invoice.customer, of_invoice.entity, of_invoice.currency)
               WHERE d.reference IS NULL) THEN
        RAISE EXCEPTION 'a credit of % names what is not on it', of_invoice.reference USING ERRCODE = 'HO005';
    END IF;
    INSERT INTO billing_documents (reference, kind, invoice, contract, entity, customer, currency, state, purchase_order, document_date,
                                   accounting_date, exchange_rate, exchange_rate_source, exchange_rate_at, memo, correlation)
    SELECT h.reference, 'credit_memo', h.invoice, of_invoice.contract, of_invoice.entity, of_invoice.customer, of_invoice.currency,
           h.state, of_invoice.purchase_order, h.document_date, h.accounting_date, coalesce(h.exchange_rate, of_invoice.exchange_rate),
           coalesce(nullif(h.exchange_rate_source, ''), of_invoice.exchange_rate_source),
           coalesce(h.exchange_rate_at, of_invoice.exchange_rate_at), h.memo, h.correlation
    FROM jsonb_populate_record(NULL::billing_documents, head) AS h RETURNING * INTO made;

    PERFORM lock_items(ARRAY(SELECT billable FROM allocations WHERE id = ANY (ids)), made.entity, made.contract);
    INSERT INTO allocations (billable, document, line, kind, amount, quantity, takes_from, disposition)
    SELECT a.billable, made.reference, dense_rank() OVER (ORDER BY a.document, a.line, g.d), 'credit', g.m,
           CASE g.d WHEN 'price_adjustment' THEN 0 ELSE g.q END, a.id, g.d
    FROM unnest(ids, amounts, quantities, dispositions) AS g(i, m, q, d) JOIN allocations a ON a.id = g.i;
    INSERT INTO billing_document_lines (document, number, kind, billing, line, description, quantity, unit, rate, amount, tax_code,
                                        account, service_from, service_until, practice, region, revenue_treatment, cost_center, items)
    SELECT made.reference, c.line, l.kind, l.billing, l.line, l.description, sum(c.quantity), l.unit, l.rate, sum(c.amount), l.tax_code,
           l.account, l.service_from, l.service_until, l.practice, l.region, l.revenue_treatment, l.cost_center, count(*)
    FROM allocations c JOIN allocations a ON a.id = c.takes_from
    JOIN billing_document_lines l ON l.document = a.document AND l.number = a.line
    WHERE c.document = made.reference GROUP BY c.line, l.document, l.number ORDER BY c.line;

    FOR one IN SELECT * FROM billing_documents d WHERE d.reference IN (
        SELECT a.document FROM allocations a WHERE a.id = ANY (ids)) ORDER BY d.reference LOOP
        PERFORM restore_retainers(made.reference, one.reference);
        PERFORM give_back_moves(one.reference, made.reference, parts) FROM (
            SELECT jsonb_object_agg(account, amount) AS parts FROM (
                SELECT s.id AS account, sum(c.amount) AS amount
                FROM sub_ledgers s JOIN allocations c ON c.document = made.reference JOIN billables b ON b.id = c.billable
                JOIN allocations a ON a.id = c.takes_from AND a.document = one.reference
                WHERE s.contract = b.contract AND (s.kind, s.name) IN (('cap', b.line), ('purchase_order', one.purchase_order))
                GROUP BY s.id) t) p
        WHERE parts IS NOT NULL;
    END LOOP;
    PERFORM free_waiting(made.contract, made.reference);
    RETURN total_document(made.reference);
END $$;

-- What a retainer paid for is the work on its own line, or any of the invoice where that line has none.
CREATE FUNCTION restore_retainers(of_memo text, of_invoice text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO billing_document_lines (document, number, kind, billing, line, description, amount, account, items)
    WITH drawn AS (
        SELECT m.account, s.name, sum(abs(m.amount) - m.taken_back) AS remains
        FROM sub_ledger_moves m JOIN sub_ledgers s ON s.id = m.account
        WHERE m.document = of_invoice AND s.kind = 'retainer' AND m.amount < 0 GROUP BY m.account, s.name
    ), standing AS (
        SELECT l.line, sum(a.amount - a.taken_back) AS amount
        FROM allocations a JOIN billing_document_lines l ON l.document = a.document AND l.number = a.line AND l.kind = 'charge'
        WHERE a.document = of_invoice AND a.kind = 'bill' GROUP BY l.line
    ), due AS (
        SELECT d.account, d.remains - coalesce(
                   (SELECT t.amount FROM standing t WHERE t.line = d.name), (SELECT sum(t.amount) FROM standing t)) AS back
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
