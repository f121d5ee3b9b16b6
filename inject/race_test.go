//go:build race

package inject_test

const raceEnabled = true
