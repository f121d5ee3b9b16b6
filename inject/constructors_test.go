package inject_test

import (
	"context"
	"errors"
)

// The constructors that problem texts name. They are declared functions, so
// that their names do not change with the tests around them.

type (
	session struct{ *db }
	cart    struct{ *session }
	ring1   struct{}
	ring2   struct{}
	ring3   struct{}
	lonely  struct{}
)

func newConfig() config                   { return config{"made"} }
func newDB(c config) *db                  { return &db{c} }
func openDB(context.Context) (*db, error) { return nil, errors.New("no database") }
func newTx(d *db) *tx                     { return &tx{d} }
func beginTx(d *db) (*tx, func(error) error, error) {
	return &tx{d}, func(err error) error { return err }, nil
}
func newSession(d *db) *session     { return &session{d} }
func sessionOfUser(u user) *session { return &session{&db{config{string(u)}}} }
func newCart(s *session) *cart      { return &cart{s} }
func newUser() user                 { return "someone" }
func leasedUser() (user, func())    { return "someone", func() {} }
func configOfUser(u user) config    { return config{string(u)} }
func storeOfDB(d *db) store         { return d }
func newRing1(*ring2) *ring1        { return nil }
func newRing2(*ring3) *ring2        { return nil }
func newRing3(*ring1) *ring3        { return nil }
func ring2OfRing1(*ring1) *ring2    { return nil }
func newLonely(*lonely) *lonely     { return nil }

func handleTx(context.Context, *tx) error { return nil }
func handleCart(*cart)                    {}
func handleStore(store)                   {}
func handleRing(*ring1)                   {}
func handleRings(*ring3, *ring2)          {}
func guardRing(*ring2) error              { return nil }
func handleDBValue(config, db)            {}
func handleConfigPointer(*config)         {}
func handleNothing(net1)                  {}
func handleUser(user)                     {}

type net1 struct{}

func (d *db) handle(*tx) {}
