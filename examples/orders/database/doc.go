// Package database opens the database of the shop, SQLite or PostgreSQL, brings
// its schema up to date, and gives views their transactions.
//
// # One SQL for both
//
// All statements are written once. What the two databases share is enough:
// placeholders $1, RETURNING, ON CONFLICT, partial indexes, CHECK. Ids are texts
// and times are milliseconds in a BIGINT, so that no driver converts anything.
//
// # Transactions
//
// [Tx] and [ReadTx] are two types because a reader of a signature should see
// what a view may do:
//
//	func(ctx context.Context, tx *database.Tx, …)      // writes
//	func(ctx context.Context, tx *database.ReadTx, …)  // reads one consistent state
//
// Nobody commits by hand. [Begin] is the provider of *Tx, and its finisher does
// it, before the first byte of the answer: a COMMIT that fails is answered as
// what it is and never as a success.
package database
