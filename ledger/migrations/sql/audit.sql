-- The audit trail: chained by hash within a stream, append-only for everybody but a superuser who disables triggers.

-- A text with its length in front, so that no two different rows read the same when they are strung together.
CREATE FUNCTION audit_part(said text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT length(said) || ':' || said $$;

CREATE FUNCTION audit_hash(line audit) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT encode(sha256(convert_to(
        (SELECT string_agg(audit_part(said), '' ORDER BY place) FROM unnest(ARRAY[
            line.previous_hash, line.stream, line.seq::text,
            to_char(line.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            line.action, line.system, line.kind, line.source_id, line.target_id, line.key, line.outcome, line.correlation,
            line.actor, line.workflow, line.step, line.mapping_version, line.rate_version
        ]) WITH ORDINALITY AS t(said, place))
        || coalesce((SELECT string_agg(audit_part(name) || audit_part(said), '' ORDER BY name COLLATE "C")
                     FROM jsonb_each_text(line.details) AS d(name, said)), ''),
        'UTF8')), 'hex')
$$;

-- Runs as the owner: the application cannot write heads, so it cannot choose what a row is chained to.
CREATE FUNCTION audit_chain() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    head audit_heads;
BEGIN
    INSERT INTO audit_heads AS h (stream, seq, hash) VALUES (NEW.stream, 1, '')
    ON CONFLICT (stream) DO UPDATE SET seq = h.seq + 1 RETURNING * INTO head;
    NEW.seq := head.seq;
    NEW.previous_hash := head.hash;
    NEW.at := business_now();
    NEW.hash := audit_hash(NEW);
    UPDATE audit_heads SET hash = NEW.hash WHERE stream = NEW.stream;
    RETURN NEW;
END $$;

CREATE TRIGGER audit_chain BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_chain();

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME USING ERRCODE = 'HO004';
END $$;

CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER anchors_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_anchors FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER facts_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON facts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Entries as a JSON array of objects, appended in stream order, so that two callers never wait for each other in a circle.
CREATE FUNCTION audit_note(entries jsonb) RETURNS bigint LANGUAGE sql AS $$
    WITH noted AS (
        INSERT INTO audit (stream, seq, action, system, kind, source_id, target_id, key, outcome, correlation, actor, workflow, step,
                           mapping_version, rate_version, details)
        SELECT e ->> 'stream', 0, e ->> 'action', coalesce(e ->> 'system', ''), coalesce(e ->> 'kind', ''),
               coalesce(e ->> 'source_id', ''), coalesce(e ->> 'target_id', ''), coalesce(e ->> 'key', ''),
               coalesce(e ->> 'outcome', ''), coalesce(e ->> 'correlation', ''), coalesce(e ->> 'actor', ''),
               coalesce(e ->> 'workflow', ''), coalesce(e ->> 'step', ''), coalesce(e ->> 'mapping_version', ''),
               coalesce(e ->> 'rate_version', ''), coalesce(e -> 'details', '{}')
        FROM jsonb_array_elements(entries) WITH ORDINALITY AS t(e, place) ORDER BY e ->> 'stream', place
        RETURNING 1)
    SELECT count(*) FROM noted
$$;

CREATE FUNCTION anchor_hash(previous text, seq bigint, at timestamptz, heads jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT encode(sha256(convert_to(
        audit_part(previous) || audit_part(seq::text)
        || audit_part(to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
        || coalesce((SELECT string_agg(audit_part(stream) || audit_part(head ->> 0) || audit_part(head ->> 1), ''
                                       ORDER BY stream COLLATE "C") FROM jsonb_each(heads) AS h(stream, head)), ''),
        'UTF8')), 'hex')
$$;

-- Binds the heads that moved; a stream that is being written right now is left for the next anchor, never waited for.
CREATE FUNCTION audit_anchor() RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    last audit_anchors;
    moved jsonb;
    moment timestamptz := business_now();
BEGIN
    LOCK TABLE audit_anchors IN SHARE ROW EXCLUSIVE MODE;
    SELECT * INTO last FROM audit_anchors ORDER BY seq DESC LIMIT 1;
    WITH chosen AS (SELECT stream FROM audit_heads WHERE anchored_seq < seq FOR UPDATE SKIP LOCKED),
         bound AS (UPDATE audit_heads h SET anchored_seq = h.seq FROM chosen c WHERE h.stream = c.stream RETURNING h.*)
    SELECT jsonb_object_agg(stream, jsonb_build_array(seq::text, hash)) INTO moved FROM bound;
    IF moved IS NULL THEN
        RETURN coalesce(last.hash, '');
    END IF;
    INSERT INTO audit_anchors AS a (seq, at, heads, previous_hash, hash)
    VALUES (coalesce(last.seq, 0) + 1, moment, moved, coalesce(last.hash, ''),
            anchor_hash(coalesce(last.hash, ''), coalesce(last.seq, 0) + 1, moment, moved))
    RETURNING * INTO last;
    RETURN last.hash;
END $$;
