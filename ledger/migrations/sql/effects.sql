-- The write protocol (DESIGN 4), a statement a step: the hot path is reserve_effect, the vendor's answer, record_effect.

-- Take the key if nothing was sent under it, else say how it stands. Whoever gets its own token back holds the lease and must call.
-- A lease that ended means that its holder died between sending and recording: the outcome is unknown.
CREATE FUNCTION reserve_effect(asked jsonb, token text, lease interval, settles interval)
RETURNS effects LANGUAGE plpgsql AS $$
DECLARE
    held effects;
BEGIN
    INSERT INTO effects AS e (key, kind, system, reference, reverses, request_hash, state, attempts, sent_at, lease_until, lease_token,
                              look_after, correlation, engagement, actor, workflow, step, mapping_version, rate_version)
    VALUES (asked ->> 'key', asked ->> 'kind', asked ->> 'system', asked ->> 'reference', asked ->> 'reverses',
            asked ->> 'request_hash', 'calling', 1, clock_timestamp(), clock_timestamp() + lease, token, clock_timestamp() + settles,
            asked ->> 'correlation', asked ->> 'engagement', asked ->> 'actor', asked ->> 'workflow', asked ->> 'step',
            asked ->> 'mapping_version', asked ->> 'rate_version')
    ON CONFLICT (key) DO UPDATE SET
        kind = excluded.kind, system = excluded.system, reference = excluded.reference, reverses = excluded.reverses,
        request_hash = excluded.request_hash, state = 'calling', attempts = e.attempts + 1, sent_at = excluded.sent_at,
        lease_until = excluded.lease_until, lease_token = excluded.lease_token, look_after = excluded.look_after, empty_looks = 0,
        failure = '', target_id = '', number = '', url = '', version = '', details = '{}', is_adopted = false,
        correlation = excluded.correlation, engagement = excluded.engagement, actor = excluded.actor,
        workflow = excluded.workflow, step = excluded.step, mapping_version = excluded.mapping_version,
        rate_version = excluded.rate_version, updated_at = business_now()
    WHERE e.state IN ('reserved', 'refused', 'reversed')
    RETURNING * INTO held;
    IF FOUND THEN
        -- A write that is made anew may be undone anew.
        IF held.attempts > 1 THEN
            UPDATE effects SET state = 'reserved', updated_at = business_now() WHERE reverses = held.key AND state = 'written';
        END IF;
        RETURN held;
    END IF;
    RETURN stand_of_effect(asked ->> 'key');
END $$;

-- How a key stands now; notices a lease that ended.
CREATE FUNCTION stand_of_effect(wanted text) RETURNS effects LANGUAGE plpgsql AS $$
DECLARE
    held effects;
BEGIN
    UPDATE effects SET state = 'unknown', lease_token = '', updated_at = business_now(),
           failure = 'The process that held this write ended before it recorded an answer.'
    WHERE key = wanted AND state = 'calling' AND lease_until < clock_timestamp()
    RETURNING * INTO held;
    IF NOT FOUND THEN
        SELECT * INTO held FROM effects WHERE key = wanted;
    END IF;
    RETURN held;
END $$;

-- One name, one record there: the same pair again changes nothing, another is refused unless a person decided it.
CREATE FUNCTION bind_reference(of_system text, of_kind text, ours text, theirs text, by_person boolean)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    bound cross_references;
BEGIN
    IF by_person THEN
        UPDATE cross_references SET withdrawn_at = business_now()
        WHERE system = of_system AND kind = of_kind AND withdrawn_at IS NULL AND (reference = ours) <> (target_id = theirs);
    END IF;
    INSERT INTO cross_references (system, kind, reference, target_id) VALUES (of_system, of_kind, ours, theirs)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        SELECT * INTO bound FROM cross_references
        WHERE system = of_system AND kind = of_kind AND withdrawn_at IS NULL AND (reference = ours) <> (target_id = theirs) LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION '% is bound to % in %, so % cannot be bound to %', bound.reference, bound.target_id, of_system, ours, theirs
            USING ERRCODE = 'HO001', DETAIL = bound.target_id;
        END IF;
    END IF;
END $$;

-- The answer, the cross reference and the audit row, together or not at all.
CREATE FUNCTION record_effect(wanted text, answer jsonb, how text, by_actor text, because text)
RETURNS effects LANGUAGE plpgsql AS $$
DECLARE
    held effects;
BEGIN
    SELECT * INTO held FROM effects WHERE key = wanted FOR UPDATE;
    IF held.state = 'written' THEN
        IF held.target_id <> answer ->> 'target_id' THEN
            RAISE EXCEPTION '% was recorded as % and came back as %', wanted, held.target_id, answer ->> 'target_id'
            USING ERRCODE = 'HO002', DETAIL = held.target_id;
        END IF;
        RETURN held;
    END IF;
    UPDATE effects SET state = 'written', target_id = answer ->> 'target_id', number = answer ->> 'number', url = answer ->> 'url',
           version = answer ->> 'version', details = answer -> 'details', is_adopted = (how <> 'written'), lease_token = '',
           updated_at = business_now()
    WHERE key = wanted RETURNING * INTO held;
    IF held.reverses = '' THEN
        PERFORM bind_reference(held.system, held.kind, held.reference, held.target_id, how = 'settled');
    ELSE
        PERFORM undo_effect(held.reverses);
    END IF;
    PERFORM note_effect(held, how, by_actor, because);
    RETURN held;
END $$;

-- The key of what was undone is free again, and its name binds nothing.
CREATE FUNCTION undo_effect(wanted text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    undone effects;
BEGIN
    UPDATE effects SET state = 'reversed', updated_at = business_now() WHERE key = wanted AND state = 'written'
    RETURNING * INTO undone;
    UPDATE cross_references SET withdrawn_at = business_now()
    WHERE system = undone.system AND kind = undone.kind AND reference = undone.reference AND target_id = undone.target_id
      AND withdrawn_at IS NULL;
END $$;

-- A write's audit row: the action is the verb and kind that its business key begins with.
CREATE FUNCTION note_effect(held effects, how text, by_actor text, because text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO audit (stream, seq, action, system, kind, source_id, target_id, key, outcome, correlation, actor, workflow, step,
                       mapping_version, rate_version, details)
    SELECT coalesce(nullif(held.engagement, ''), 'handoff'), 0, split_part(held.key, '/', 1), held.system, held.kind, held.reference, held.target_id, held.key, how,
           held.correlation, CASE WHEN by_actor = '' THEN held.actor ELSE by_actor END, held.workflow, held.step,
           held.mapping_version, held.rate_version,
           jsonb_strip_nulls(jsonb_build_object(
               'attempts', held.attempts::text, 'request', held.request_hash, 'number', nullif(held.number, ''),
               'version', nullif(held.version, ''), 'reverses', nullif(held.reverses, ''), 'reason', nullif(because, '')))
$$;

-- Away from calling without an answer, as long as nobody recorded one meanwhile; audited, since people will ask.
CREATE FUNCTION leave_effect(wanted text, token text, next_state text, words text) RETURNS effects LANGUAGE plpgsql AS $$
DECLARE
    held effects;
BEGIN
    UPDATE effects SET state = next_state, lease_token = '', updated_at = business_now(),
           failure = CASE WHEN failure = '' THEN words ELSE failure END
    WHERE key = wanted AND state = 'calling' AND lease_token = token
    RETURNING * INTO held;
    IF FOUND AND next_state <> 'reserved' THEN
        PERFORM note_effect(held, next_state, '', words);
    END IF;
    RETURN held;
END $$;

-- A look-up found nothing; counts only if nothing happened since it began.
CREATE FUNCTION look_was_empty(wanted text, attempt integer, looks integer, again interval) RETURNS SETOF effects LANGUAGE sql AS $$
    UPDATE effects SET empty_looks = looks + 1, look_after = clock_timestamp() + again, updated_at = business_now()
    WHERE key = wanted AND state = 'unknown' AND attempts = attempt AND empty_looks = looks
    RETURNING *
$$;

-- Surely absent: send again, under a new lease.
CREATE FUNCTION resend_effect(wanted text, attempt integer, looks integer, token text, lease interval, settles interval)
RETURNS SETOF effects LANGUAGE sql AS $$
    UPDATE effects SET state = 'calling', attempts = attempt + 1, empty_looks = 0, failure = '', sent_at = clock_timestamp(),
           lease_until = clock_timestamp() + lease, lease_token = token, look_after = clock_timestamp() + settles,
           updated_at = business_now()
    WHERE key = wanted AND state = 'unknown' AND attempts = attempt AND empty_looks = looks
    RETURNING *
$$;

-- Nothing was written under the key, and nothing will be; answers the row as it stands when that is not so.
CREATE FUNCTION close_effect(wanted text, attempt integer, looks integer) RETURNS effects LANGUAGE plpgsql AS $$
DECLARE
    held effects;
BEGIN
    INSERT INTO effects AS e (key, state) VALUES (wanted, 'closed')
    ON CONFLICT (key) DO UPDATE SET state = 'closed', updated_at = business_now()
    WHERE e.state IN ('reserved', 'refused') OR (e.state = 'unknown' AND e.attempts = attempt AND e.empty_looks = looks)
    RETURNING * INTO held;
    IF FOUND THEN
        RETURN held;
    END IF;
    RETURN stand_of_effect(wanted);
END $$;
