package routing

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
)

// An OptionError is an error in an option of a pool.
type OptionError struct {
	Pool   int    // the index of the pool
	Option string // the option's word
	err    error
}

func (e *OptionError) Error() string { return e.err.Error() }

func fault(pool int, option, format string, args ...any) error {
	return &OptionError{Pool: pool, Option: option, err: fmt.Errorf(format, args...)}
}

// The options that an OptionError may be about.
const (
	optionFallback    = "fallback"
	optionSlidingSync = "sliding_sync"
)

// Check reports what is wrong with the last of the given pools, seen beside
// those before it. Calling it as each pool is read puts the error where the
// pool stands.
func Check(pools []Pool) error {
	last := len(pools) - 1
	p, before := pools[last], pools[:last]
	if p.name != "" && len(p.Types) > 0 {
		return fmt.Errorf("%s takes no worker types: give '%s' a pool of its own", p.name, p.Types[0])
	}
	if len(p.Types) == 0 && indexOf(before, p.Name()) >= 0 {
		return fmt.Errorf("%s is given twice", p.Name())
	}
	if len(p.Types) == 0 && p.Fence != "" {
		return fmt.Errorf("%s takes no fence: it serves everybody", p.Name())
	}
	for i, t := range p.Types {
		if slices.Contains(p.Types[:i], t) {
			return fmt.Errorf("worker type '%s' is given twice on one line", t)
		}
		if err := checkType(t, p, before); err != nil {
			return err
		}
	}
	if err := checkMAS(pools); err != nil {
		return err
	}
	if p.SlidingSync && !p.has(endpoint.InitialSynchrotron) {
		return fault(last, optionSlidingSync, "sliding_sync has a meaning only in a pool of initial_synchrotron, not in '%s'", p.Name())
	}
	return checkFallback(last, p)
}

// checkType checks one worker type of a pool against the pools before it.
func checkType(t endpoint.WorkerType, p Pool, before []Pool) error {
	if p.Fence != "" && (t.OnlyOne() || t.ShouldBeOne()) {
		return fmt.Errorf("'%s' takes no fence: only one process does its work", t)
	}
	if p.Fence != "" && !t.Routed() {
		return fmt.Errorf("'%s' takes no fence: no requests are routed to it", t)
	}
	if t.OnlyOne() && p.Workers > 1 {
		return fmt.Errorf("'%s' must be one worker, not %d: Synapse gives this work to a single process", t, p.Workers)
	}
	for _, q := range before {
		if !q.has(t) || q.Fence != p.Fence {
			continue
		}
		if p.Fence != "" {
			return fmt.Errorf("worker type '%s' is already given behind the fence @%s", t, p.Fence)
		}
		return fmt.Errorf("worker type '%s' is already given in pool '%s': write all its workers on one line, or reserve a further pool for the requests of a named matcher (%s @name <upstream>…)", t, q.Name(), t)
	}
	return nil
}

// checkMAS refuses a process for single sign-on beside an authentication
// service that does all of it.
func checkMAS(pools []Pool) error {
	if indexOf(pools, MASName) < 0 {
		return nil
	}
	for _, p := range pools {
		if p.has(endpoint.SSO) {
			return errors.New("'sso' and 'mas' exclude each other: with Matrix Authentication Service, Synapse serves no single sign-on")
		}
	}
	return nil
}

// checkFallback refuses a fallback that could never be taken.
func checkFallback(index int, p Pool) error {
	if p.Fallback == "" {
		return nil
	}
	if len(p.Types) == 0 {
		return fault(index, optionFallback, "fallback has no meaning for '%s': it is the last of every chain", p.Name())
	}
	if p.Fallback == p.Name() {
		return fault(index, optionFallback, "pool '%s' cannot be its own fallback", p.Name())
	}
	for _, class := range endpoint.Classes() {
		traits := class.Traits()
		if !traits.Alone && slices.ContainsFunc(traits.Types, p.has) {
			return nil
		}
	}
	return fault(index, optionFallback, "fallback has no meaning for '%s': no other process can serve its requests", p.Name())
}

// CheckAll reports what can only be seen when all pools are known.
func CheckAll(pools []Pool) error {
	for i, p := range pools {
		if p.Fallback == "" || p.Fallback == FallbackOff {
			continue
		}
		target := indexOf(pools, p.Fallback)
		if target < 0 {
			return fault(i, optionFallback, "pool '%s': there is no pool '%s' to fall back to; the pools are %s", p.Name(), p.Fallback, names(pools))
		}
		if pools[target].Fence != "" || p.Fallback == MASName {
			return fault(i, optionFallback, "pool '%s': cannot fall back to '%s', which does not serve everybody", p.Name(), p.Fallback)
		}
		if target != Main && !slices.ContainsFunc(pools[target].Types, endpoint.WorkerType.Routed) {
			return fault(i, optionFallback, "pool '%s': cannot fall back to '%s': no requests are routed to it", p.Name(), p.Fallback)
		}
	}
	for i, start := range pools {
		if name, loop := loopFrom(start, pools); loop {
			return fault(i, optionFallback, "pool '%s': its fallbacks lead back to '%s'", start.Name(), name)
		}
	}
	return nil
}

// loopFrom follows a pool's fallbacks and reports where they meet themselves.
func loopFrom(p Pool, pools []Pool) (string, bool) {
	seen := []string{p.Name()}
	for p.Fallback != "" && p.Fallback != FallbackOff {
		if slices.Contains(seen, p.Fallback) {
			return p.Fallback, true
		}
		seen = append(seen, p.Fallback)
		p = pools[indexOf(pools, p.Fallback)]
	}
	return "", false
}

// Warnings lists what works but is probably not meant.
func Warnings(pools []Pool) []string {
	var warnings []string
	for _, p := range pools {
		for _, t := range p.Types {
			if t.ShouldBeOne() && p.Workers > 1 {
				warnings = append(warnings, fmt.Sprintf("pool '%s' has %d workers for '%s', but Synapse gives this work to a single process", p.Name(), p.Workers, t))
			}
			if t == endpoint.FrontendProxy {
				warnings = append(warnings, "worker type 'frontend_proxy' has no requests since Synapse 1.73: its keys/upload goes to device_lists, client_reader or generic_worker")
			}
		}
	}
	return warnings
}

func names(pools []Pool) string {
	quoted := make([]string, len(pools))
	for i, p := range pools {
		quoted[i] = "'" + p.Name() + "'"
	}
	return strings.Join(quoted, ", ")
}
