CREATE SCHEMA IF NOT EXISTS hubward;

-- One row: the hub that the tables belong to, and their format.
CREATE TABLE hubward.hub (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    format integer NOT NULL,
    name text NOT NULL,
    -- a random number: replace it after a backup was restored
    epoch bytea NOT NULL CHECK (length(epoch) = 16),
    -- the highest number of a tombstone that was removed
    purged bigint NOT NULL DEFAULT 0
);

CREATE SEQUENCE hubward.change;

-- Identities (kind 0), policies (1), entries of lists (2), members of groups (3), enrollments (4), their groups (5),
-- registrations (6), the names of the provisioning service (7) and its policies (8).
CREATE TABLE hubward.record (
    kind smallint NOT NULL,
    name text COLLATE "C" NOT NULL,
    -- the device of a module
    device text COLLATE "C" GENERATED ALWAYS AS (
        CASE WHEN kind = 0 AND position('/' IN name) > 0 THEN split_part(name, '/', 1) END) STORED,
    change bigint NOT NULL DEFAULT 0,
    deleted boolean NOT NULL DEFAULT false,
    etag bigint NOT NULL DEFAULT 0,
    generation bigint NOT NULL DEFAULT 0,
    primary_version bigint NOT NULL DEFAULT 0,
    secondary_version bigint NOT NULL DEFAULT 0,
    enabled boolean NOT NULL DEFAULT true,
    rights smallint NOT NULL DEFAULT 0,
    -- 0 none, 1 a certificate authority's, 2 thumbprints, 3 sealed keys, 4 a TPM
    proof smallint NOT NULL DEFAULT 0,
    primary_key bytea,
    secondary_key bytea,
    -- an object of JSON
    detail text NOT NULL DEFAULT '',
    PRIMARY KEY (kind, name)
);
CREATE INDEX record_change ON hubward.record (change);
CREATE INDEX record_device ON hubward.record (device) WHERE device IS NOT NULL;

CREATE FUNCTION hubward.random_number() RETURNS bigint LANGUAGE sql VOLATILE AS
    $$ SELECT ('x' || substr(replace(gen_random_uuid()::text, '-', ''), 17, 16))::bit(64)::bigint & 4611686018427387903 $$;

-- The guard on the order of commits: a transaction holds this lock from before its first number to its commit, so that
-- no number becomes visible after a higher one.
CREATE FUNCTION hubward.in_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7526763);
    RETURN NULL;
END $$;
CREATE TRIGGER a_in_order BEFORE INSERT OR UPDATE OR DELETE ON hubward.record
    FOR EACH STATEMENT EXECUTE FUNCTION hubward.in_order();

-- Numbers each change. The program sets `change` to -1; a change by SQL does not, and gets another etag, so that no
-- program overwrites it without having seen it.
CREATE FUNCTION hubward.number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.change <> -1 THEN
        NEW.etag := hubward.random_number();
        IF NEW.generation = 0 THEN NEW.generation := hubward.random_number(); END IF;
    ELSIF TG_OP = 'UPDATE' AND NEW.change <> -1 THEN
        NEW.etag := hubward.random_number();
        -- another credential ends the sessions of the old one; a sealed key has its version in its seal
        IF NEW.proof <> 3 AND (NEW.proof, NEW.primary_key, NEW.secondary_key)
            IS DISTINCT FROM (OLD.proof, OLD.primary_key, OLD.secondary_key) THEN
            NEW.primary_version := hubward.random_number();
        END IF;
    END IF;
    NEW.change := nextval('hubward.change');
    RETURN NEW;
END $$;
CREATE TRIGGER b_number BEFORE INSERT OR UPDATE ON hubward.record
    FOR EACH ROW EXECUTE FUNCTION hubward.number();

-- A deletion leaves tombstones; only tombstones can be removed.
CREATE FUNCTION hubward.tombstone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.deleted THEN RETURN OLD; END IF;
    UPDATE hubward.record SET change = -1, deleted = true, etag = 0, proof = 0, primary_key = NULL,
        secondary_key = NULL, detail = ''
    WHERE NOT deleted AND ((kind = OLD.kind AND name = OLD.name) OR (OLD.kind = 0 AND device = OLD.name));
    RETURN NULL;
END $$;
CREATE TRIGGER c_tombstone BEFORE DELETE ON hubward.record
    FOR EACH ROW EXECUTE FUNCTION hubward.tombstone();

CREATE FUNCTION hubward.no_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of hubward.record are deleted one by one, so that gateways see it';
END $$;
CREATE TRIGGER d_no_truncate BEFORE TRUNCATE ON hubward.record
    FOR EACH STATEMENT EXECUTE FUNCTION hubward.no_truncate();

CREATE FUNCTION hubward.announce() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('hubward_change', '');
    RETURN NULL;
END $$;
CREATE TRIGGER e_announce AFTER INSERT OR UPDATE OR DELETE ON hubward.record
    FOR EACH STATEMENT EXECUTE FUNCTION hubward.announce();
