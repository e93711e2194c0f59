-- Business time: the machine's clock plus a shift, which only rehearsals and tests may set.

CREATE FUNCTION business_now() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE AS
$$ SELECT clock_timestamp() + (SELECT shift FROM clock) $$;

-- The application may ask for a shift and cannot write the row: a clock that is not movable stays so.
CREATE FUNCTION move_clock(by_interval interval) RETURNS timestamptz LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE clock SET shift = shift + by_interval WHERE is_movable;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the business clock of this database does not move' USING ERRCODE = 'HO003';
    END IF;
    RETURN business_now();
END $$;
