-- Both databases run this file. Ids are texts, times milliseconds since 1970,
-- money is in cents. The checks are the last line: the code never lets a
-- statement come so far.

CREATE TABLE users (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    role       TEXT NOT NULL CHECK (role IN ('customer', 'admin')),
    created_at BIGINT NOT NULL
);

-- A token is "id.secret". The secret itself is nowhere.
CREATE TABLE tokens (
    id         TEXT PRIMARY KEY,
    user_id    TEXT NOT NULL REFERENCES users (id),
    hash       TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE accounts (
    id      TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    balance BIGINT NOT NULL CHECK (balance >= 0)
);

CREATE TABLE transfers (
    id           TEXT PRIMARY KEY,
    from_account TEXT NOT NULL REFERENCES accounts (id),
    to_account   TEXT NOT NULL REFERENCES accounts (id),
    amount       BIGINT NOT NULL CHECK (amount > 0),
    created_at   BIGINT NOT NULL
);

CREATE TABLE products (
    sku   TEXT PRIMARY KEY,
    name  TEXT NOT NULL,
    price BIGINT NOT NULL CHECK (price >= 0),
    stock BIGINT NOT NULL CHECK (stock >= 0)
);

CREATE TABLE orders (
    id         TEXT PRIMARY KEY,
    user_id    TEXT NOT NULL REFERENCES users (id),
    status     TEXT NOT NULL CHECK (status IN ('open', 'shipped', 'cancelled')),
    note       TEXT NOT NULL,
    total      BIGINT NOT NULL,
    version    BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE INDEX orders_of_user ON orders (user_id, id);

CREATE TABLE order_items (
    order_id TEXT NOT NULL REFERENCES orders (id),
    sku      TEXT NOT NULL REFERENCES products (sku),
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    price    BIGINT NOT NULL,
    PRIMARY KEY (order_id, sku)
);

-- The answer to a POST, under the key that the client gave it.
CREATE TABLE idempotency (
    user_id     TEXT NOT NULL REFERENCES users (id),
    key         TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    answer      TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (user_id, key)
);
