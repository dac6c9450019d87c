CREATE TABLE stock (item TEXT PRIMARY KEY, quantity INTEGER NOT NULL);
CREATE TABLE reservations (
  order_id TEXT PRIMARY KEY,
  item TEXT NOT NULL REFERENCES stock (item),
  quantity INTEGER NOT NULL,
  shipped INTEGER NOT NULL DEFAULT 0
);
INSERT INTO stock (item, quantity) VALUES ('tea', 10), ('cup', 3);
