-- Versions of canonical objects: one caller at a time for one object, so that new and stale are never confused.

CREATE FUNCTION judge_fact(of_kind text, of_reference text, of_version text, of_fingerprint text, OUT outcome text, OUT seen text)
LANGUAGE plpgsql AS $$
DECLARE
    known facts;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(of_kind || '/' || of_reference, 0));
    SELECT * INTO known FROM facts WHERE kind = of_kind AND reference = of_reference AND version = of_version;
    IF FOUND THEN
        seen := known.fingerprint;
        outcome := CASE WHEN seen = of_fingerprint THEN 'duplicate' ELSE 'conflicting' END;
        RETURN;
    END IF;
    seen := '';
    outcome := CASE WHEN EXISTS (
        SELECT FROM facts WHERE kind = of_kind AND reference = of_reference AND version COLLATE "C" > of_version COLLATE "C"
    ) THEN 'stale' ELSE 'new' END;
    INSERT INTO facts (kind, reference, version, fingerprint) VALUES (of_kind, of_reference, of_version, of_fingerprint);
END $$;
