package rules

import "slices"

// For the tests of package rules_test.
var (
	StdPackages = stdPackages
	Pretty      = pretty
	Closest     = closest
	Distance    = distance
)

func IsStdPackage(path string) bool { return slices.Contains(stdPackages, path) }

// Sniffed are the types that `accept` may list.
var Sniffed = sniffed
