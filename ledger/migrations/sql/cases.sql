-- Exceptions: every step on one leaves an audit row in the stream of its engagement.

CREATE FUNCTION case_entry(number bigint, key text, code text, engagement text, correlation text, workflow text, step text, did text,
                           actor text, words text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_object(
        'stream', coalesce(nullif(engagement, ''), 'handoff'), 'action', did, 'system', 'handoff', 'kind', 'exception',
        'source_id', number::text, 'key', key, 'outcome', code, 'correlation', correlation, 'actor', actor, 'workflow', workflow,
        'step', step, 'details', jsonb_build_object('words', words))
$$;

-- One step on one exception, allowed only from these states; answers nothing where the exception is not there or not in them.
CREATE FUNCTION change_case(wanted bigint, from_states text[], did text, actor text, words text, changes jsonb)
RETURNS SETOF cases LANGUAGE plpgsql AS $$
DECLARE
    changed cases;
BEGIN
    SELECT * INTO changed FROM cases WHERE number = wanted AND state = ANY(from_states) FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    changed := jsonb_populate_record(changed, changes);
    UPDATE cases SET state = changed.state, decision = changed.decision, decided_by = changed.decided_by,
           approved_by = changed.approved_by, reason = changed.reason, adopt = changed.adopt, assignee = changed.assignee,
           owner_role = changed.owner_role, snoozed_until = changed.snoozed_until, due_at = changed.due_at, ticket = changed.ticket,
           escalations = changed.escalations,
           settled_at = CASE WHEN changed.state = 'settled' THEN coalesce(settled_at, business_now()) END
    WHERE number = wanted RETURNING * INTO changed;
    PERFORM audit_note(jsonb_build_array(case_entry(changed.number, changed.key, changed.code, changed.engagement,
                       changed.correlation, changed.workflow_id, changed.step, did, actor, words)));
    RETURN NEXT changed;
END $$;
