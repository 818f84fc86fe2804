// Command differential asks a homeserver of workers behind our Caddy, and its twin of one process, the same things.
//
//	differential seed       makes users and rooms on the first, before the second is copied from it
//	differential compare    sends every pair to both, prints a report, and fails if any answers differ
//
// E2E_FULL=1 asks for the whole product of all axes instead of enough to bring each two values together. Both commands
// make the same plan. They are run by e2e/run, which starts the servers.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

const planSeed = 1

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "differential:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	templates, err := readEndpoints(endpointsText)
	if err != nil {
		return err
	}
	p := newPlan(templates, os.Getenv("E2E_FULL") != "", planSeed)
	e, err := newEnvironment()
	if err != nil {
		return err
	}
	switch {
	case len(args) == 1 && args[0] == "seed":
		return e.seed(ctx, p)
	case len(args) == 1 && args[0] == "compare":
		return e.compare(ctx, templates, p)
	default:
		return errors.New("expected seed or compare")
	}
}

// environment is what e2e/run tells.
type environment struct {
	work, server string
	ours, mono   *side
}

func newEnvironment() (*environment, error) {
	e := &environment{work: os.Getenv("E2E_WORK"), server: os.Getenv("E2E_HS1_NAME")}
	mono := os.Getenv("E2E_MONO_URL")
	if e.work == "" || e.server == "" || mono == "" {
		return nil, errors.New("E2E_WORK, E2E_HS1_NAME and E2E_MONO_URL are not set: e2e/run does, and starts the servers")
	}
	roots, err := authority(filepath.Join(e.work, "ca.crt"))
	if err != nil {
		return nil, err
	}
	if e.ours, err = newSide("https://"+e.server, e.server, roots); err != nil {
		return nil, err
	}
	if e.mono, err = newSide(mono, e.server, nil); err != nil {
		return nil, err
	}
	e.mono.header.Set("X-Forwarded-For", "127.0.0.1") // as Caddy does
	e.mono.header.Set("X-Forwarded-Proto", "https")
	return e, nil
}

func (e *environment) castFile() string {
	return filepath.Join(e.work, "cast.json")
}

func (e *environment) seed(ctx context.Context, p *plan) error {
	c, err := seed(ctx, e.ours, e.server, p)
	if err != nil {
		return err
	}
	fmt.Printf("%d users for %d pairs\n", len(c.Owners)+len(kinds)*sparesOf+lanes(p), p.total)
	return c.save(e.castFile())
}

func (e *environment) compare(ctx context.Context, templates []*template, p *plan) error {
	c, err := loadCast(e.castFile())
	if err != nil {
		return err
	}
	sign, err := newSigner(e.server, filepath.Join(e.work, "hs1", "signing.key"))
	if err != nil {
		return err
	}
	explanations, err := readExplained(explainedText)
	if err != nil {
		return err
	}
	verdicts := (&comparison{ours: e.ours, mono: e.mono, cast: c, sign: sign}).run(ctx, p)
	if !report(os.Stdout, templates, verdicts, explanations) {
		return errors.New("the two sides differ, or an explanation is out of date")
	}
	return nil
}
