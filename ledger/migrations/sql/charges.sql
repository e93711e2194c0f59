-- Posting batches of charges: each belongs to a target account, is claimed in the order of ids, and is posted once.

-- So many of these batches at once, of one entity, whatever contracts its work is of; where and when it was done decides who is asked
-- (``regions`` and ``days`` are pairs). What another poster is taking is left to it. A batch is named for its first item, so that
-- the same work has the same batches however often a worker dies.
CREATE FUNCTION claim_charge_batches(of_system text, of_entity text, regions text[], days date[], size integer, most integer)
RETURNS SETOF billables LANGUAGE plpgsql SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    named text[];
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('charges/' || of_system, 0));
    WITH taken AS MATERIALIZED (
        SELECT b.id, b.reference FROM billables b
        WHERE b.charge_batch = '' AND b.state = 'open' AND b.kind IN ('time', 'expense') AND b.entity = of_entity
          AND b.frozen_by = '' AND b.approved > 0
          AND (b.region, b.service_from) IN (SELECT r, d FROM unnest(regions, days) AS t(r, d))
        ORDER BY b.id LIMIT most FOR NO KEY UPDATE SKIP LOCKED
    ), parted AS (
        SELECT id, reference, (row_number() OVER (ORDER BY id) - 1) / size AS part FROM taken
    ), first AS (
        SELECT DISTINCT ON (part) part, of_system || '.' || reference AS name, count(*) OVER (PARTITION BY part) AS items
        FROM parted ORDER BY part, id
    ), numbered AS (
        SELECT part, items, name AS begins_with,
               name || coalesce('.' || (SELECT nullif(count(*), 0) + 1 FROM charge_batches c WHERE c.begins_with = name)::text, '') AS name
        FROM first
    ), made AS (
        INSERT INTO charge_batches (reference, begins_with, system, items)
        SELECT name, begins_with, of_system, items FROM numbered ORDER BY part RETURNING reference
    ), put AS (
        UPDATE billables b SET charge_batch = n.name FROM parted p JOIN numbered n USING (part) WHERE b.id = p.id
    )
    SELECT array_agg(reference) INTO named FROM made;
    RETURN QUERY SELECT * FROM billables b WHERE b.charge_batch <> '' AND b.charge_batch = ANY (named) ORDER BY b.id;
END $$;

-- A charge was reversed there: its item is free of its batch, and what was approved before is not any more. What it is to be instead
-- comes in like any other item.
CREATE FUNCTION take_back_charge(of_item text, of_version text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    held billables;
    asked charge_reversals;
BEGIN
    SELECT * INTO asked FROM charge_reversals WHERE item = of_item AND version = of_version FOR UPDATE;
    SELECT * INTO held FROM billables WHERE reference = of_item FOR NO KEY UPDATE;
    UPDATE billables SET charge_batch = '', charge_id = '' WHERE id = held.id AND charge_batch = asked.batch;
    PERFORM withdraw_billables(ARRAY[of_item], ARRAY[held.source],
                               ARRAY[CASE WHEN asked.revised IS NULL THEN of_version ELSE held.source_version END], asked.reason);
    -- Approved again meanwhile as it was: nothing was withdrawn, and it is posted anew.
    UPDATE billables SET state = 'open', hold_code = '', hold_note = '' WHERE id = held.id AND hold_code = 'CHARGE_TAKEN_BACK';
    UPDATE charge_reversals SET state = CASE WHEN revised IS NULL THEN 'settled' ELSE 'reversed' END
    WHERE item = of_item AND version = of_version;
END $$;
