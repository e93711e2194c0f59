-- What a cap of a line or a purchase order still has room for, the oldest service first and of one day in the order of names, so
-- that the order of arrival does not matter; the last item may be billed in part. What does not fit is left for a person under the
-- code.
CREATE OR REPLACE FUNCTION cut_claimed(by_kind text, code text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM sub_ledgers s WHERE s.kind = by_kind AND (s.contract, s.name) IN (
        SELECT c.contract, CASE by_kind WHEN 'cap' THEN c.line ELSE c.purchase_order END FROM claimed c)
    ORDER BY s.id FOR NO KEY UPDATE;
    UPDATE claimed c SET amount = cut.amount, left_for = code
    FROM (
        SELECT m.id, least(m.until_here, m.room) - least(m.until_here - m.amount, m.room) AS amount
        FROM (SELECT c.id, c.amount,
                     sum(c.amount) OVER (PARTITION BY s.id ORDER BY c.service_from, b.reference COLLATE "C") AS until_here,
                     CASE WHEN sum(c.amount) OVER (PARTITION BY s.id) <= s.ceiling + s.tolerance - s.balance
                          THEN s.ceiling + s.tolerance - s.balance ELSE greatest(s.ceiling - s.balance, 0) END AS room
              FROM claimed c JOIN sub_ledgers s ON s.kind = by_kind AND s.contract = c.contract
              AND s.name = CASE by_kind WHEN 'cap' THEN c.line ELSE c.purchase_order END
              JOIN billables b ON b.id = c.id) m
    ) cut
    WHERE cut.id = c.id AND cut.amount <> c.amount;
    UPDATE claimed SET billed_quantity = round(open_quantity * amount / open_amount, 6) WHERE left_for = code AND amount > 0;
END $$;
