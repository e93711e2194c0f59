-- A billing run claims what is open: documents, lines, allocations and the use of caps and purchase orders in one transaction.

-- Locks in the order of ids and waits for who holds an item; what was billed meanwhile no longer qualifies. One document
-- is a bundle, one line of it a heap.
CREATE FUNCTION lock_claimed(ask jsonb) RETURNS void LANGUAGE plpgsql SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    contracts text[] := ARRAY(SELECT jsonb_array_elements_text(ask -> 'contracts'));
    kinds text[] := ARRAY(SELECT jsonb_array_elements_text(ask -> 'kinds'));
    lines text[] := ARRAY(SELECT jsonb_array_elements_text(ask -> 'lines'));
    names text[] := ARRAY(SELECT jsonb_array_elements_text(ask -> 'billables'));
    parted_by text[] := ARRAY(SELECT jsonb_array_elements_text(ask -> 'group_by'));
    purchase text := ask ->> 'purchase_order';
    of_entity text := coalesce(ask ->> 'entity', '');
    first date := (ask ->> 'since')::date;
    last date := (ask ->> 'through')::date;
BEGIN
    INSERT INTO claimed (id, contract, line, kind, customer, entity, currency, purchase_order, service_from, service_until, open_amount,
                         open_quantity, billed_quantity, amount, unit, rate, description, role, person, tax_code, practice, region,
                         revenue_treatment, cost_center, bundle, heap)
    SELECT b.id, b.contract, b.line, b.kind, b.customer, b.entity, b.currency, b.purchase_order, b.service_from, b.service_until,
           b.approved - b.billed + b.credited - b.closed, greatest(b.quantity - b.billed_quantity - b.closed_quantity, 0),
           greatest(b.quantity - b.billed_quantity - b.closed_quantity, 0),
           b.approved - b.billed + b.credited - b.closed, b.unit, b.rate, b.description, b.role, b.person, b.tax_code, b.practice,
           b.region, b.revenue_treatment, b.cost_center,
           b.contract || chr(31) || b.purchase_order || chr(31) || b.customer || chr(31) || b.entity || chr(31) || b.currency,
           b.line || chr(31) || b.kind || chr(31) || b.unit || chr(31) || b.tax_code || chr(31) || b.practice || chr(31) || b.region
           || chr(31) || b.revenue_treatment || chr(31) || b.cost_center
           || CASE WHEN 'role' = ANY (parted_by) THEN chr(31) || b.role ELSE '' END
           || CASE WHEN 'rate' = ANY (parted_by) THEN chr(31) || coalesce(trim_scale(b.rate)::text, '') ELSE '' END
           || CASE WHEN 'person' = ANY (parted_by) THEN chr(31) || b.person ELSE '' END
           || CASE WHEN 'task' = ANY (parted_by) THEN chr(31) || b.task ELSE '' END
           || CASE WHEN 'phase' = ANY (parted_by) THEN chr(31) || b.phase ELSE '' END
           || CASE WHEN 'workstream' = ANY (parted_by) THEN chr(31) || b.workstream ELSE '' END
           || CASE WHEN 'description' = ANY (parted_by) THEN chr(31) || b.description ELSE '' END
           || CASE WHEN 'month' = ANY (parted_by) THEN chr(31) || to_char(b.service_from, 'YYYY-MM') ELSE '' END
           || CASE WHEN 'item' = ANY (parted_by) OR b.kind = 'milestone' THEN chr(31) || b.reference ELSE '' END
    FROM billables b
    WHERE b.state = 'open' AND b.frozen_by = '' AND b.billed - b.credited + b.closed < b.approved
      AND b.contract = ANY (contracts)
      AND (of_entity = '' OR b.entity = of_entity)
      AND (last IS NULL OR b.service_from <= last) AND (first IS NULL OR b.service_from >= first)
      AND (purchase IS NULL OR b.purchase_order = purchase)
      AND (kinds = '{}' OR b.kind = ANY (kinds)) AND (lines = '{}' OR b.line = ANY (lines))
      AND (names = '{}' OR b.reference = ANY (names))
      AND NOT EXISTS (SELECT FROM billing_freezes f
                      WHERE f.contract = b.contract AND f.line IN ('', b.line) AND f.lifted_at IS NULL)
    ORDER BY b.id FOR NO KEY UPDATE OF b;
END $$;

-- What a cap of a line or a purchase order still has room for, the oldest service first; the last item may be billed in part. What
-- does not fit is left for a person under the code.
CREATE FUNCTION cut_claimed(by_kind text, code text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM sub_ledgers s WHERE s.kind = by_kind AND (s.contract, s.name) IN (
        SELECT c.contract, CASE by_kind WHEN 'cap' THEN c.line ELSE c.purchase_order END FROM claimed c)
    ORDER BY s.id FOR NO KEY UPDATE;
    UPDATE claimed c SET amount = cut.amount, left_for = code
    FROM (
        SELECT m.id, least(m.until_here, m.room) - least(m.until_here - m.amount, m.room) AS amount
        FROM (SELECT c.id, c.amount, sum(c.amount) OVER (PARTITION BY s.id ORDER BY c.service_from, c.id) AS until_here,
                     CASE WHEN sum(c.amount) OVER (PARTITION BY s.id) <= s.ceiling + s.tolerance - s.balance
                          THEN s.ceiling + s.tolerance - s.balance ELSE greatest(s.ceiling - s.balance, 0) END AS room
              FROM claimed c JOIN sub_ledgers s ON s.kind = by_kind AND s.contract = c.contract
              AND s.name = CASE by_kind WHEN 'cap' THEN c.line ELSE c.purchase_order END) m
    ) cut
    WHERE cut.id = c.id AND cut.amount <> c.amount;
    UPDATE claimed SET billed_quantity = round(open_quantity * amount / open_amount, 6) WHERE left_for = code AND amount > 0;
END $$;

-- Documents of one run, once; answers whether they were made now.
CREATE FUNCTION claim_billables(ask jsonb) RETURNS boolean LANGUAGE plpgsql SET work_mem = '64MB' AS $$
DECLARE
    of_run text := ask ->> 'run';
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('billing run/' || of_run, 0));
    IF EXISTS (SELECT FROM billing_documents WHERE run = of_run) THEN
        RETURN false;
    END IF;
    PERFORM open_claims();
    PERFORM lock_claimed(ask);
    IF (SELECT count(*) FROM (SELECT FROM claimed LIMIT 1000) t) = 1000 THEN
        PERFORM count_claims();
    END IF;
    PERFORM cut_claimed('cap', 'CAP_EXCEEDED');
    PERFORM cut_claimed('purchase_order', 'PO_EXHAUSTED');
    UPDATE billables b SET state = 'held', hold_code = c.left_for,
           hold_note = CASE c.left_for WHEN 'CAP_EXCEEDED' THEN c.line ELSE c.purchase_order END
    FROM claimed c WHERE c.left_for <> '' AND b.id = c.id;
    DELETE FROM claimed WHERE amount = 0;
    PERFORM document_claimed(ask);
    RETURN true;
END $$;

CREATE FUNCTION document_claimed(ask jsonb) RETURNS void LANGUAGE plpgsql AS $$
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
    SELECT h.document, 'invoice', ask ->> 'run', min(c.contract), min(c.entity), min(c.customer), min(c.currency), 'proposed',
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

-- Time and expenses for one posting batch to a target account, the oldest first; what another batch is taking is left to it. Asked
-- again, the same batch is the answer.
CREATE FUNCTION claim_charges(of_batch text, of_entity text, of_contract text, most integer) RETURNS SETOF billables LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('charge batch/' || of_batch, 0));
    IF NOT EXISTS (SELECT FROM billables WHERE charge_batch = of_batch AND charge_batch <> '') THEN
        UPDATE billables SET charge_batch = of_batch WHERE id IN (
            SELECT id FROM billables
            WHERE charge_batch = '' AND state = 'open' AND billed = credited AND kind IN ('time', 'expense') AND entity = of_entity AND frozen_by = ''
              AND of_contract IN ('', contract) AND approved > 0
            ORDER BY id LIMIT most FOR NO KEY UPDATE SKIP LOCKED);
    END IF;
    RETURN QUERY SELECT * FROM billables WHERE charge_batch = of_batch AND charge_batch <> '' ORDER BY id;
END $$;
