-- One connection per identity across gateways: the claims of seats. They need not be durable, so the table is unlogged:
-- after a crash it is empty, and each gateway enters its own claims again. The numbers are durable.
CREATE SEQUENCE hubward.seat_number;

CREATE UNLOGGED TABLE hubward.seat (
    -- an identity; the row with the empty name has a random number, the life of the table
    name text COLLATE "C" PRIMARY KEY,
    -- of two claims the newer has the higher number
    number bigint NOT NULL,
    -- the order in which rows were written
    place bigint NOT NULL,
    -- claims in quick succession
    rivals integer NOT NULL DEFAULT 0,
    claimed timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX seat_place ON hubward.seat (place);
