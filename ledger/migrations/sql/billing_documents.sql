-- Documents: what was grouped elsewhere, credits of exact allocations, and taking back what was not posted.

CREATE FUNCTION insert_lines(of_document text, lines jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO billing_document_lines (document, number, kind, billing, line, description, quantity, unit, rate, amount, tax_code, tax,
                                        account, service_from, service_until, practice, region, revenue_treatment, cost_center, items)
    SELECT of_document, l.number, l.kind, coalesce(l.billing, ''), l.line, l.description, l.quantity, l.unit, l.rate, l.amount,
           l.tax_code, l.tax, l.account, l.service_from, l.service_until, l.practice, l.region, l.revenue_treatment, l.cost_center,
           l.items
    FROM jsonb_populate_recordset(NULL::billing_document_lines, lines) AS l ORDER BY l.number
$$;

-- An invoice whose lines were grouped by the firm's rules, with its allocations: all items are open, or nothing happens.
CREATE FUNCTION propose_document(head jsonb, lines jsonb, names text[], line_numbers integer[], amounts numeric[], quantities numeric[])
RETURNS billing_documents LANGUAGE plpgsql AS $$
DECLARE
    made billing_documents;
    refused text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('document/' || (head ->> 'reference'), 0));
    SELECT * INTO made FROM billing_documents WHERE reference = head ->> 'reference';
    IF FOUND THEN
        RETURN made;
    END IF;
    PERFORM FROM billables WHERE reference = ANY (names) ORDER BY id FOR NO KEY UPDATE;
    SELECT string_agg(n, ', ' ORDER BY n) INTO refused FROM (
        SELECT DISTINCT n FROM unnest(names) AS g(n) LEFT JOIN billables b ON b.reference = g.n AND b.state = 'open' AND b.frozen_by = ''
             AND b.currency = head ->> 'currency' AND b.entity = head ->> 'entity' AND NOT EXISTS (
                 SELECT FROM billing_freezes f WHERE f.contract = b.contract AND f.line IN ('', b.line) AND f.lifted_at IS NULL)
        WHERE b.id IS NULL ORDER BY n LIMIT 20) t;
    IF refused IS NOT NULL THEN
        RAISE EXCEPTION '%', refused USING ERRCODE = 'HO007';
    END IF;
    INSERT INTO billing_documents (reference, kind, run, contract, entity, customer, currency, state, purchase_order, document_date,
        accounting_date, due_date, net, tax, total, exchange_rate, exchange_rate_source, exchange_rate_at, is_prior_period, memo,
        correlation)
    SELECT h.reference, 'invoice', h.run, h.contract, h.entity, h.customer, h.currency, 'proposed', h.purchase_order, h.document_date,
           h.accounting_date, h.due_date, h.net, h.tax, h.total, h.exchange_rate, h.exchange_rate_source, h.exchange_rate_at,
           h.is_prior_period, h.memo, h.correlation
    FROM jsonb_populate_record(NULL::billing_documents, head) AS h RETURNING * INTO made;
    PERFORM insert_lines(made.reference, lines);
    INSERT INTO allocations (billable, document, line, amount, quantity)
    SELECT b.id, made.reference, g.l, g.a, g.q FROM unnest(names, line_numbers, amounts, quantities) AS g(n, l, a, q)
    JOIN billables b ON b.reference = g.n;
    RETURN made;
END $$;

-- The items of a document and those of its contract that wait for room, in the order of ids.
CREATE FUNCTION lock_items(ids bigint[], of_entity text, of_contract text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM billables b WHERE b.id IN (
        SELECT unnest(ids) UNION ALL
        SELECT w.id FROM billables w WHERE w.state = 'held' AND w.entity = of_entity AND w.contract = of_contract
           AND w.hold_code IN ('CAP_EXCEEDED', 'PO_EXHAUSTED'))
    ORDER BY b.id FOR NO KEY UPDATE;
END $$;

-- Where room came back, what waited for it waits no longer; the next run finds out how much there is.
CREATE FUNCTION free_waiting(of_contract text, by_document text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE billables b SET state = 'open', hold_code = '', hold_note = ''
    FROM sub_ledgers s
    WHERE s.contract = of_contract AND s.kind <> 'retainer'
      AND EXISTS (SELECT FROM sub_ledger_moves m WHERE m.account = s.id AND m.document = by_document AND m.amount < 0)
      AND b.state = 'held' AND b.contract = of_contract AND b.hold_note = s.name
      AND b.hold_code = CASE s.kind WHEN 'cap' THEN 'CAP_EXCEEDED' ELSE 'PO_EXHAUSTED' END;
END $$;

-- A credit names allocations, whole or in part. Caps and purchase orders have their room again; a retainer gets back what was drawn
-- from it once all that was asked for in money is credited (or as much as is asked for). Asked again, the same memo is the answer.
CREATE FUNCTION credit_allocations(head jsonb, ids bigint[], amounts numeric[], quantities numeric[], dispositions text[], restore numeric)
RETURNS billing_documents LANGUAGE plpgsql AS $$
DECLARE
    made billing_documents;
    of_invoice billing_documents;
    restored numeric;
BEGIN
    SELECT * INTO of_invoice FROM billing_documents WHERE reference = head ->> 'invoice' FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no invoice %', head ->> 'invoice' USING ERRCODE = 'HO006';
    END IF;
    SELECT * INTO made FROM billing_documents WHERE reference = head ->> 'reference';
    IF FOUND THEN
        RETURN made;
    END IF;
    IF EXISTS (SELECT FROM unnest(ids) AS g(i) LEFT JOIN allocations a ON a.id = g.i AND a.document = of_invoice.reference
               AND a.kind = 'bill' WHERE a.id IS NULL) THEN
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
    SELECT a.billable, made.reference, dense_rank() OVER (ORDER BY a.line, g.d), 'credit', g.m,
           CASE g.d WHEN 'price_adjustment' THEN 0 ELSE g.q END, a.id, g.d
    FROM unnest(ids, amounts, quantities, dispositions) AS g(i, m, q, d) JOIN allocations a ON a.id = g.i;
    INSERT INTO billing_document_lines (document, number, kind, billing, line, description, quantity, unit, rate, amount, tax_code,
                                        account, service_from, service_until, practice, region, revenue_treatment, cost_center, items)
    SELECT made.reference, c.line, l.kind, l.billing, l.line, l.description, sum(c.quantity), l.unit, l.rate, sum(c.amount), l.tax_code,
           l.account, l.service_from, l.service_until, l.practice, l.region, l.revenue_treatment, l.cost_center, count(*)
    FROM allocations c JOIN allocations a ON a.id = c.takes_from
    JOIN billing_document_lines l ON l.document = a.document AND l.number = a.line
    WHERE c.document = made.reference GROUP BY c.line, l.document, l.number ORDER BY c.line;

    SELECT coalesce(sum(m.taken_back), 0) INTO restored FROM sub_ledger_moves m
    JOIN sub_ledgers s ON s.id = m.account WHERE m.document = of_invoice.reference AND s.kind = 'retainer' AND m.amount < 0;
    PERFORM restore_retainers(made.reference, of_invoice.reference, coalesce(restore, greatest(0, (
        SELECT coalesce(sum(taken_back), 0) FROM allocations WHERE document = of_invoice.reference AND kind = 'bill')
        - (SELECT coalesce(sum(amount), 0) FROM billing_document_lines WHERE document = of_invoice.reference) - restored)));
    PERFORM give_back_moves(of_invoice.reference, made.reference, parts) FROM (
        SELECT jsonb_object_agg(account, amount) AS parts FROM (
            SELECT s.id AS account, sum(c.amount) AS amount
            FROM sub_ledgers s JOIN allocations c ON c.document = made.reference JOIN billables b ON b.id = c.billable
            WHERE s.contract = b.contract AND (s.kind, s.name) IN (('cap', b.line), ('purchase_order', of_invoice.purchase_order))
            GROUP BY s.id) t) p
    WHERE parts IS NOT NULL;
    PERFORM free_waiting(made.contract, made.reference);
    RETURN total_document(made.reference);
END $$;

-- So much of what an invoice drew goes back to its retainers, with a line on the memo that says so.
CREATE FUNCTION restore_retainers(of_memo text, of_invoice text, wanted numeric) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO billing_document_lines (document, number, kind, billing, line, description, amount, account, items)
    SELECT of_memo, 10000 + row_number() OVER (ORDER BY g.account), 'retainer_draw', 'retainer', g.name,
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

CREATE FUNCTION total_document(of_document text) RETURNS billing_documents LANGUAGE plpgsql AS $$
DECLARE
    changed billing_documents;
BEGIN
    UPDATE billing_documents d SET net = l.net, total = l.net + d.tax, changed_at = business_now()
    FROM (SELECT coalesce(sum(amount), 0) AS net FROM billing_document_lines WHERE document = of_document) l
    WHERE d.reference = of_document RETURNING d.* INTO changed;
    RETURN changed;
END $$;

-- Draw from a retainer for a document that is not released yet, with the line that says so; once for each retainer and document.
CREATE FUNCTION draw_retainer(of_document text, of_contract text, of_name text, wanted numeric, words text, of_account text)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    held billing_documents;
    drawn numeric;
    had record;
BEGIN
    SELECT * INTO held FROM billing_documents WHERE reference = of_document FOR NO KEY UPDATE;
    SELECT coalesce(-sum(amount), 0) INTO drawn FROM billing_document_lines
    WHERE document = of_document AND kind = 'retainer_draw' AND line = of_name;
    SELECT * INTO had FROM take_from_sub_ledgers(jsonb_build_array(jsonb_build_object(
        'kind', 'retainer', 'contract', of_contract, 'name', of_name, 'amount', least(wanted, held.net + drawn), 'did', 'drawn',
        'document', of_document, 'key', 'draw/' || of_document)))
    WHERE held.state IN ('proposed', 'held') OR EXISTS (
        SELECT FROM sub_ledger_moves m WHERE m.key = 'draw/' || of_document AND m.document = of_document);
    IF had.taken > 0 AND had.is_new THEN
        INSERT INTO billing_document_lines (document, number, kind, billing, line, description, amount, account, items)
        SELECT of_document, max(number) + 1, 'retainer_draw', 'retainer', of_name, words, -had.taken, of_account, 0
        FROM billing_document_lines WHERE document = of_document;
        PERFORM total_document(of_document);
    END IF;
    RETURN (SELECT jsonb_object_agg(name, value) FROM jsonb_each_text(to_jsonb(had)) AS e(name, value)); -- amounts as texts
END $$;

-- Take back what was not posted: items are open again, caps, purchase orders and retainers have back what was used of them; a memo's
-- credits are undone, which the database refuses where the items were billed again meanwhile.
CREATE FUNCTION withdraw_document(of_document text, because text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lock_items(ARRAY(SELECT billable FROM allocations WHERE document = of_document), d.entity, d.contract)
    FROM billing_documents d WHERE d.reference = of_document;
    INSERT INTO allocations (billable, document, line, kind, amount, quantity, takes_from)
    SELECT billable, document, line, CASE kind WHEN 'bill' THEN 'unbill' ELSE 'uncredit' END, amount - taken_back,
           quantity - taken_back_quantity, id
    FROM allocations WHERE document = of_document AND kind IN ('bill', 'credit') AND amount > taken_back;
    PERFORM give_back_moves(of_document, 'withdraw:' || of_document, NULL);
    PERFORM free_waiting(d.contract, 'withdraw:' || of_document) FROM billing_documents d WHERE d.reference = of_document;
    UPDATE billing_documents SET memo = concat_ws('; ', nullif(memo, ''), nullif(because, '')) WHERE reference = of_document;
END $$;
