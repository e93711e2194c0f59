-- Credits of several invoices in one memo, and a run that bills to another customer than the items' own.

-- A credit names allocations, whole or in part, of its invoice and of others of the same contract, customer, entity and currency. Caps
-- and purchase orders have their room again; a retainer gets back what was drawn from it once all that was asked for in money of that
-- invoice is credited (or as much of the memo's own invoice as is asked for). Asked again, the same memo is the answer.
CREATE OR REPLACE FUNCTION credit_allocations(head jsonb, ids bigint[], amounts numeric[], quantities numeric[], dispositions text[], restore numeric)
RETURNS billing_documents LANGUAGE plpgsql AS $$
DECLARE
    made billing_documents;
    of_invoice billing_documents;
    one billing_documents;
    restored numeric;
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
        SELECT coalesce(sum(m.taken_back), 0) INTO restored FROM sub_ledger_moves m
        JOIN sub_ledgers s ON s.id = m.account WHERE m.document = one.reference AND s.kind = 'retainer' AND m.amount < 0;
        PERFORM restore_retainers(made.reference, one.reference, coalesce(
            CASE WHEN one.reference = of_invoice.reference THEN restore END, greatest(0, (
            SELECT coalesce(sum(taken_back), 0) FROM allocations WHERE document = one.reference AND kind = 'bill')
            - (SELECT coalesce(sum(amount), 0) FROM billing_document_lines WHERE document = one.reference) - restored)));
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

CREATE OR REPLACE FUNCTION restore_retainers(of_memo text, of_invoice text, wanted numeric) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO billing_document_lines (document, number, kind, billing, line, description, amount, account, items)
    SELECT of_memo, 10000 + row_number() OVER (ORDER BY g.account) + (
               SELECT count(*) FROM billing_document_lines WHERE document = of_memo AND kind = 'retainer_draw'), 'retainer_draw', 'retainer', g.name,
           coalesce(d.description, 'Retainer'), -g.amount, coalesce(d.account, ''), 0
    FROM (SELECT jsonb_object_agg(account, back) AS parts FROM (
              SELECT account, least(until_here, wanted) - least(until_here - remains, wanted) AS back
              FROM (SELECT m.account, sum(abs(m.amount) - m.taken_back) AS remains,
                           sum(sum(abs(m.amount) - m.taken_back)) OVER (ORDER BY m.account) AS until_here
                    FROM sub_ledger_moves m JOIN sub_ledgers s ON s.id = m.account
                    WHERE m.document = of_invoice AND s.kind = 'retainer' AND m.amount < 0 GROUP BY m.account) t) b) p,
         LATERAL give_back_moves(of_invoice, of_memo, p.parts) AS g
         LEFT JOIN billing_document_lines d ON d.document = of_invoice AND d.kind = 'retainer_draw' AND d.line = g.name
    WHERE wanted > 0 AND p.parts IS NOT NULL;
END $$;

CREATE OR REPLACE FUNCTION document_claimed(ask jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    prefix text := coalesce(ask ->> 'reference', ask ->> 'run');
    many boolean := (SELECT count(DISTINCT bundle) > 1 FROM claimed);
BEGIN
    INSERT INTO claimed_heaps (bundle, heap, document, number)
    SELECT bundle, heap, prefix || CASE WHEN many THEN '-' || dense_rank() OVER (ORDER BY bundle) ELSE '' END,
           row_number() OVER (PARTITION BY bundle ORDER BY heap COLLATE "C")
    FROM (SELECT DISTINCT bundle, heap FROM claimed) t;

    INSERT INTO billing_documents (reference, kind, run, contract, entity, customer, currency, state, purchase_order, document_date,
                                   accounting_date, due_date, net, total, memo, correlation, is_prior_period)
    SELECT h.document, 'invoice', ask ->> 'run', min(c.contract), min(c.entity),
           coalesce(nullif(ask ->> 'bill_to', ''), min(c.customer)), min(c.currency), 'proposed',
           min(c.purchase_order), (ask ->> 'document_date')::date, (ask ->> 'accounting_date')::date, (ask ->> 'due_date')::date,
           sum(c.amount), sum(c.amount), coalesce(ask ->> 'memo', ''), coalesce(ask ->> 'correlation', ''),
           coalesce((ask ->> 'is_prior_period')::boolean, false)
    FROM claimed c JOIN claimed_heaps h USING (bundle, heap) GROUP BY h.document ORDER BY h.document;

    INSERT INTO billing_document_lines (document, number, billing, line, description, quantity, unit, rate, amount, tax_code,
                                        service_from, service_until, practice, region, revenue_treatment, cost_center, items)
    SELECT h.document, h.number, min(c.kind), min(c.line),
           CASE WHEN min(c.description) = max(c.description) AND min(c.description) <> '' THEN min(c.description)
                WHEN min(c.role) = max(c.role) AND min(c.role) <> '' THEN min(c.role) ELSE min(c.line) END,
           trim_scale(sum(c.billed_quantity)),
           min(c.unit), CASE WHEN min(c.rate) = max(c.rate) THEN min(c.rate) END, sum(c.amount), min(c.tax_code),
           min(c.service_from), max(c.service_until), min(c.practice), min(c.region), min(c.revenue_treatment), min(c.cost_center),
           count(*)
    FROM claimed c JOIN claimed_heaps h USING (bundle, heap) GROUP BY h.document, h.number ORDER BY h.document, h.number;

    PERFORM take_from_sub_ledgers(wants) FROM (
        SELECT jsonb_agg(jsonb_build_object('kind', kind, 'contract', contract, 'name', name, 'amount', amount, 'did', 'billed',
                         'document', document, 'key', 'bill/' || document)) AS wants
        FROM (SELECT 'cap' AS kind, c.contract, c.line AS name, h.document, sum(c.amount) AS amount
              FROM claimed c JOIN claimed_heaps h USING (bundle, heap) GROUP BY c.contract, c.line, h.document
              UNION ALL SELECT 'purchase_order', c.contract, c.purchase_order, h.document, sum(c.amount)
              FROM claimed c JOIN claimed_heaps h USING (bundle, heap) GROUP BY c.contract, c.purchase_order, h.document) t) w
    WHERE wants IS NOT NULL;

    INSERT INTO allocations (billable, document, line, amount, quantity, at)
    SELECT c.id, h.document, h.number, c.amount,
           c.billed_quantity, moment
    FROM claimed c JOIN claimed_heaps h USING (bundle, heap), business_now() AS moment;
END $$;
