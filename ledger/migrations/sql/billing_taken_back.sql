-- Approval taken back: what is not billed and not exported is withdrawn; what is not known yet is withdrawn before it comes. What is
-- billed stays so until a person credits it, and is held: what a credit or a withdrawn draft opens again of it may not be billed.
CREATE OR REPLACE FUNCTION withdraw_billables(names text[], sources text[], versions text[], because text)
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
    ), kept AS (
        UPDATE billables b SET state = 'held', hold_code = 'APPROVAL_WITHDRAWN', hold_note = because, source_version = j.v
        FROM judged j WHERE b.id = j.id AND j.outcome = 'after_billing'
    )
    SELECT j.n, j.outcome, coalesce(j.contract, ''), coalesce(j.amount, 0), coalesce(j.currency, '') FROM judged j ORDER BY j.n;
    PERFORM weigh_twins(touched);
END $$;
