-- One row: the hub that the file belongs to, and its place in its history.
CREATE TABLE hub (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    name TEXT NOT NULL,
    -- a random number: replace it after a backup was restored
    epoch BLOB NOT NULL CHECK (length(epoch) = 16),
    -- the number of the last change
    change INTEGER NOT NULL,
    -- the highest number of a tombstone that was removed
    purged INTEGER NOT NULL
);

-- Identities (kind 0), policies (1), entries of lists (2), members of groups (3), enrollments (4), their groups (5),
-- registrations (6), the names of the provisioning service (7) and its policies (8).
CREATE TABLE record (
    kind INTEGER NOT NULL,
    name TEXT NOT NULL COLLATE BINARY,
    -- the device of a module
    device TEXT COLLATE BINARY
        GENERATED ALWAYS AS (CASE WHEN kind = 0 AND instr(name, '/') > 0 THEN substr(name, 1, instr(name, '/') - 1) END) VIRTUAL,
    change INTEGER NOT NULL DEFAULT 0,
    -- 1 in a tombstone
    deleted INTEGER NOT NULL DEFAULT 0,
    etag INTEGER NOT NULL DEFAULT 0,
    generation INTEGER NOT NULL DEFAULT 0,
    primary_version INTEGER NOT NULL DEFAULT 0,
    secondary_version INTEGER NOT NULL DEFAULT 0,
    enabled INTEGER NOT NULL DEFAULT 1,
    rights INTEGER NOT NULL DEFAULT 0,
    -- 0 none, 1 a certificate authority's, 2 thumbprints, 3 sealed keys, 4 a TPM
    proof INTEGER NOT NULL DEFAULT 0,
    primary_key BLOB,
    secondary_key BLOB,
    -- an object of JSON
    detail TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (kind, name)
);
CREATE INDEX record_change ON record (change);
CREATE INDEX record_device ON record (device) WHERE device IS NOT NULL;

-- Changes by SQL are numbered like those of the program, which sets the number itself. They get another etag, so that
-- no program overwrites them without having seen them.
CREATE TRIGGER record_inserted AFTER INSERT ON record WHEN NEW.change = 0
BEGIN
    UPDATE hub SET change = change + 1;
    UPDATE record SET change = (SELECT change FROM hub),
        etag = random() & 0x3fffffffffffffff,
        generation = CASE generation WHEN 0 THEN random() & 0x3fffffffffffffff ELSE generation END
    WHERE kind = NEW.kind AND name = NEW.name;
END;
CREATE TRIGGER record_updated AFTER UPDATE ON record WHEN NEW.change = OLD.change
BEGIN
    UPDATE hub SET change = change + 1;
    UPDATE record SET change = (SELECT change FROM hub), etag = random() & 0x3fffffffffffffff,
        -- another credential ends the sessions of the old one; a sealed key has its version in its seal
        primary_version = CASE
            WHEN NEW.proof <> 3 AND (NEW.proof <> OLD.proof OR NEW.primary_key IS NOT OLD.primary_key
                OR NEW.secondary_key IS NOT OLD.secondary_key)
            THEN random() & 0x3fffffffffffffff ELSE NEW.primary_version END
    WHERE kind = NEW.kind AND name = NEW.name;
END;
-- a deletion leaves a tombstone; only tombstones can be removed
CREATE TRIGGER record_deleted BEFORE DELETE ON record WHEN OLD.deleted = 0
BEGIN
    UPDATE hub SET change = change + 1;
    UPDATE record SET change = (SELECT change FROM hub), deleted = 1, etag = 0, proof = 0, primary_key = NULL,
        secondary_key = NULL, detail = ''
    WHERE (kind = OLD.kind AND name = OLD.name) OR (OLD.kind = 0 AND device = OLD.name AND deleted = 0);
    SELECT RAISE(IGNORE);
END;
