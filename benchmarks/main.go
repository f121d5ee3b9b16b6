package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"runtime/pprof"
	"time"

	"github.com/gofogo/fogo/benchmarks/internal/fleet"
)

func main() {
	if serveAsChild() || serveSockets() || fleet.Work() {
		return
	}
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "benchmarks:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	quick      bool
	rounds     int
	out        string
	run        *regexp.Regexp
	contender  *regexp.Regexp
	cpuProfile string
}

func parseFlags(args []string) (options, error) {
	var o options
	var runText, contenderText string
	fs := flag.NewFlagSet("benchmarks", flag.ContinueOnError)
	fs.BoolVar(&o.quick, "quick", false, "short rounds and few of them: under a minute")
	fs.IntVar(&o.rounds, "rounds", 0, "rounds per scenario (default 15, with -quick 3)")
	fs.StringVar(&o.out, "out", "results", "directory for results.json, results.md and the charts")
	fs.StringVar(&runText, "run", "", "measure the scenarios whose name matches the regular expression")
	fs.StringVar(&contenderText, "contender", "", "measure the contenders that match, and the baselines")
	fs.StringVar(&o.cpuProfile, "cpuprofile", "", "write a CPU profile of the whole run")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if fs.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	if o.rounds <= 0 {
		o.rounds = 15
		if o.quick {
			o.rounds = 3
		}
	}
	var err error
	if o.run, err = regexp.Compile(runText); err != nil {
		return o, err
	}
	if contenderText != "" {
		o.contender, err = regexp.Compile(contenderText)
	}
	return o, err
}

// command is what to type for a run like this one, wherever its files go.
func (o options) command() string {
	s := "go run ."
	if o.quick {
		s += " -quick"
	}
	s += fmt.Sprintf(" -rounds %d", o.rounds)
	if o.run.String() != "" {
		s += fmt.Sprintf(" -run '%s'", o.run)
	}
	if o.contender != nil {
		s += fmt.Sprintf(" -contender '%s'", o.contender)
	}
	return s
}

// run measures what the flags ask for. An interrupt ends it between two
// scenarios, and keeps what is done.
func run(args []string, out io.Writer) error {
	o, err := parseFlags(args)
	if err != nil {
		return err
	}
	if o.cpuProfile != "" {
		f, err := os.Create(o.cpuProfile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	rep := &Report{
		Date:    time.Now().UTC().Format(time.RFC3339),
		Command: o.command(),
		Quick:   o.quick, Machine: machine(), Versions: versions(),
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	s := &session{quick: o.quick, rounds: o.rounds, contender: o.contender, tell: newProgress(os.Stderr)}
	for _, sc := range scenarios() {
		if !o.run.MatchString(sc.id) {
			continue
		}
		r, err := s.measure(sc)
		if err != nil {
			return err
		}
		r.lines(out)
		rep.Results = append(rep.Results, r)
		if err := rep.write(o.out); err != nil { // now: what is done is not lost, whatever happens to the rest
			return err
		}
		if len(interrupted) > 0 {
			fmt.Fprintln(os.Stderr, "interrupted")
			break
		}
	}
	if len(rep.Results) == 0 {
		return fmt.Errorf("no scenario matches %q", o.run)
	}
	return nil
}
