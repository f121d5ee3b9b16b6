// Command benchmarks measures what typed handlers and injection cost: in Fogo,
// in its peers, and in code written by hand.
//
//	go run .            everything, some minutes
//	go run . -quick     everything with short rounds, under a minute
//	go run . -run http  the scenarios whose name matches
//
// # How it measures
//
// What is compared with one another is measured in one process run, in turns:
// in each round every contender runs once, in an order shuffled anew, so that a
// slow second of the machine hits all of them alike. Quoted is the median over
// the rounds with its quartiles, and the ratio of medians to the baseline of
// the scenario. A figure is worth something beside the others of its run only.
//
// Before anything is timed all contenders of a scenario must give the same
// answer; otherwise the program fails.
//
// # How it is laid out
//
// A scenario_*.go file states the properties of its scenarios and measures
// them. A contender_*.go file is one contender: a type that implements the
// interface of each scenario it takes part in (contender.go), and a reason
// for each that it does not.
package main
