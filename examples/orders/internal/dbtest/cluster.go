package dbtest

import (
	"database/sql"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// cluster is a PostgreSQL server of the test program's own.
type cluster struct {
	dir    string
	server *exec.Cmd
	dsn    string
}

var (
	mu      sync.Mutex
	running *cluster
	failure error
)

// started starts the server when the first test asks for it.
func started() (dsn string, err error) {
	mu.Lock()
	defer mu.Unlock()
	if running == nil && failure == nil {
		running, failure = start()
	}
	if failure != nil {
		return "", fmt.Errorf("no PostgreSQL: %w", failure)
	}
	return running.dsn, nil
}

// Main runs the tests, and stops the server if they started one. It returns the
// status to exit with.
func Main(m interface{ Run() int }) int {
	defer func() {
		mu.Lock()
		defer mu.Unlock()
		if running != nil {
			running.stop()
			running = nil
		}
	}()
	return m.Run()
}

func start() (c *cluster, err error) {
	initdb, err := program("initdb")
	if err != nil {
		return nil, err
	}
	postgres, err := program("postgres")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "orders-postgres-")
	if err != nil {
		return nil, err
	}
	c = &cluster{dir: dir}
	defer func() {
		if err != nil {
			c.stop()
		}
	}()
	if err := own(dir); err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	if err := create(initdb, dir, data); err != nil {
		return nil, err
	}
	return c, c.serve(postgres, data)
}

// create makes the server's files. Texts sort otherwise than in Go and in
// SQLite, as they may in a database in earnest: hyphens count last. That takes a
// PostgreSQL with ICU.
func create(initdb, dir, data string) error {
	var err error
	for _, collation := range [][]string{{"--locale-provider=icu", "--icu-locale=en-u-ka-shifted"}, nil} {
		args := []string{"-D", data, "-U", "orders", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C"}
		cmd := command(initdb, append(args, collation...)...)
		cmd.Dir = dir
		out, failure := cmd.CombinedOutput() // it removes what it made if it fails
		if failure == nil {
			return nil
		}
		err = fmt.Errorf("initdb: %w\n%s", failure, out)
	}
	return err
}

// serve starts the server on a port of the loopback, and waits until it answers.
func (c *cluster) serve(postgres, data string) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(c.dir, "log"))
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // the server has its own
	c.server = command(postgres, "-D", data, "-h", "127.0.0.1", "-p", port, "-k", "",
		"-c", "fsync=off", "-c", "max_connections=300", "-c", "deadlock_timeout=200ms")
	c.server.Dir, c.server.Stdout, c.server.Stderr = c.dir, log, log
	if err := c.server.Start(); err != nil {
		c.server = nil
		return err
	}
	u := url.URL{Scheme: "postgres", User: url.User("orders"), Host: "127.0.0.1:" + port, Path: "/postgres"}
	c.dsn = u.String() + "?sslmode=disable"
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if answers(c.dsn) {
			return nil
		}
	}
	text, _ := os.ReadFile(log.Name())
	return fmt.Errorf("the server does not answer:\n%s", text)
}

// stop ends the server, without waiting for its clients, and removes its files.
func (c *cluster) stop() {
	if c.server != nil {
		_ = c.server.Process.Signal(syscall.SIGINT)
		_ = c.server.Wait()
	}
	_ = os.RemoveAll(c.dir)
}

// program finds one of PostgreSQL's, which Debian keeps out of the PATH.
func program(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) == 0 {
		return "", fmt.Errorf("%s is not installed, and ORDERS_TEST_POSTGRES names no server", name)
	}
	return found[len(found)-1], nil
}

func freePort() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer ln.Close()
	return ln.Addr().String()[strings.LastIndex(ln.Addr().String(), ":")+1:], nil
}

func answers(dsn string) bool {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return false
	}
	defer func() { _ = db.Close() }()
	return db.Ping() == nil
}
