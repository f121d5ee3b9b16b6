-- Events are written in the transaction that they tell of. Afterwards they get
-- a position, in a transaction that holds the one row of outbox_head: so
-- positions become visible in order, which ids given within the transactions do
-- not, since those end in any order.

CREATE TABLE outbox (
    id         TEXT PRIMARY KEY,
    user_id    TEXT NOT NULL,
    order_id   TEXT NOT NULL,
    type       TEXT NOT NULL,
    version    BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    position   BIGINT UNIQUE
);

CREATE INDEX outbox_new ON outbox (id) WHERE position IS NULL;

CREATE TABLE outbox_head (
    id       BIGINT PRIMARY KEY CHECK (id = 1),
    position BIGINT NOT NULL
);

INSERT INTO outbox_head (id, position) VALUES (1, 0);
