package synapseworkers

import (
	"errors"
	"strconv"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-matrix/caddy-synapse-workers/identity"
)

// Identity says how the user of a request is found who is not named by the
// access token. Synapse's own tokens and those of guests name their user, and
// appservices name one in `?user_id=`. For any other token, such as those of
// Matrix Authentication Service, Synapse is asked once:
// `GET /_matrix/client/r0/account/whoami`, in the name of the client. Until it
// has answered, and where it does not, the token itself decides which worker
// serves the request.
//
// Only requests that belong to a user and have more than one worker to choose
// from are worth a look-up. Under Matrix Authentication Service, each costs
// Synapse one introspection per token, that is, one every few minutes and
// client; the worker that is asked keeps the answer for two minutes.
type Identity struct {
	// Whether Synapse is never asked. Default: `false`.
	Off bool `json:"off,omitempty"`

	// How long a sync, of either kind, may wait for a look-up. A wrong worker
	// would fill its caches in vain. Default: `2s`.
	SyncBudget *caddy.Duration `json:"sync_budget,omitempty"`

	// How long any other request may wait for a look-up. Default: `250ms`.
	Budget *caddy.Duration `json:"budget,omitempty"`

	// How long a look-up may take. It goes on when the requests that wait for it
	// have gone on, for those that come later. Default: `5s`.
	Timeout caddy.Duration `json:"timeout,omitempty"`

	// After which time a token that is in use is looked up again. No request
	// waits for that, and if it fails the old answer stays. Default: `1h`.
	TTL caddy.Duration `json:"ttl,omitempty"`

	// After which time a token that Synapse refused may be looked up again.
	// Default: `1m`.
	RefusedTTL caddy.Duration `json:"refused_ttl,omitempty"`

	// How many tokens are remembered, at about 130 bytes each. Those of Matrix
	// Authentication Service are forgotten when unused for five minutes: it takes
	// two places for each of its clients that is online. They survive a reload of
	// the configuration unless this number or `look_ups` changes. Default: 200000.
	Tokens int `json:"tokens,omitempty"`

	// How many look-ups may be under way at a time. Default: 32.
	LookUps int `json:"look_ups,omitempty"`
}

// The defaults of Identity.
const (
	defaultSyncBudget      = 2 * time.Second
	defaultBudget          = 250 * time.Millisecond
	defaultIdentityTimeout = 5 * time.Second
	defaultIdentityTTL     = time.Hour
	defaultRefusedTTL      = time.Minute
	defaultTokens          = 200_000
	defaultLookUps         = 32
)

// validate checks the options. Having none is valid.
func (i *Identity) validate() error {
	if i == nil {
		return nil
	}
	for _, d := range []*caddy.Duration{i.SyncBudget, i.Budget, &i.Timeout, &i.TTL, &i.RefusedTTL} {
		if d != nil && *d < 0 {
			return errors.New("expected a positive duration")
		}
	}
	if i.Tokens < 0 || i.LookUps < 0 {
		return errors.New("tokens and look_ups: expected a positive number")
	}
	return nil
}

// isOff reports whether Synapse is never asked.
func (i *Identity) isOff() bool { return i != nil && i.Off }

// capacity returns what look-ups may take, defaults filled in.
func (i *Identity) capacity() identity.Capacity {
	return identity.Capacity{Tokens: or(i.Tokens, defaultTokens), LookUps: or(i.LookUps, defaultLookUps)}
}

// terms returns how long answers count, defaults filled in.
func (i *Identity) terms() identity.Terms {
	return identity.Terms{
		Timeout:    time.Duration(or(i.Timeout, caddy.Duration(defaultIdentityTimeout))),
		TTL:        time.Duration(or(i.TTL, caddy.Duration(defaultIdentityTTL))),
		RefusedTTL: time.Duration(or(i.RefusedTTL, caddy.Duration(defaultRefusedTTL))),
	}
}

// or returns a value, or its default if it is not given.
func or[T comparable](value, byDefault T) T {
	var none T
	if value == none {
		return byDefault
	}
	return value
}

// unmarshalIdentity reads an identity line, or its block.
func unmarshalIdentity(h *Handler, d *caddyfile.Dispenser) error {
	h.Identity = new(Identity)
	if d.NextArg() {
		if d.Val() != "off" || d.NextArg() {
			return d.Errf("unexpected '%s': identity takes the word off, or a block", d.Val())
		}
		h.Identity.Off = true
	}
	given := make(map[string]bool)
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		if given[d.Val()] {
			return d.Errf("%s is already given", d.Val())
		}
		given[d.Val()] = true
		if err := h.Identity.unmarshal(d); err != nil {
			return err
		}
	}
	if (len(given) == 0) != h.Identity.Off {
		return d.Errf("identity takes either the word off, or a block with sync_budget, budget, timeout, ttl, refused_ttl, tokens or look_ups")
	}
	return nil
}

// unmarshal reads one line of the block.
func (i *Identity) unmarshal(d *caddyfile.Dispenser) error {
	durations := map[string]*caddy.Duration{"timeout": &i.Timeout, "ttl": &i.TTL, "refused_ttl": &i.RefusedTTL}
	numbers := map[string]*int{"tokens": &i.Tokens, "look_ups": &i.LookUps}
	option := d.Val()
	switch option {
	case "sync_budget":
		i.SyncBudget = new(caddy.Duration)
		durations[option] = i.SyncBudget
	case "budget":
		i.Budget = new(caddy.Duration)
		durations[option] = i.Budget
	}
	var word string
	if duration, ok := durations[option]; ok {
		if !d.AllArgs(&word) {
			return d.Errf("%s takes one argument: a duration such as 2s", option)
		}
		parsed, err := caddy.ParseDuration(word)
		if err != nil || parsed < 0 || parsed == 0 && duration != i.SyncBudget && duration != i.Budget {
			return d.Errf("'%s' is not a duration: expected one such as 2s", word)
		}
		*duration = caddy.Duration(parsed)
		return nil
	}
	number, ok := numbers[option]
	if !ok {
		return d.Errf("unknown option '%s' of identity: expected sync_budget, budget, timeout, ttl, refused_ttl, tokens or look_ups", option)
	}
	if !d.AllArgs(&word) {
		return d.Errf("%s takes one argument: a number", option)
	}
	parsed, err := strconv.Atoi(word)
	if err != nil || parsed < 1 {
		return d.Errf("'%s' is not a number of %s: expected 1 or more", word, option)
	}
	*number = parsed
	return nil
}
