//go:build !race

package fogoprom_test

const raceEnabled = false
