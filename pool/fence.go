package pool

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Fence reserves a pool for certain requests.
type Fence struct {
	// The name, which the pool's name ends with: `event_creator@bridge`.
	Name string `json:"name"`

	// The matchers that a request has to pass, as in a route.
	MatchRaw caddyhttp.RawMatcherSets `json:"match" caddy:"namespace=http.matchers"`

	matchers caddyhttp.MatcherSets
}

// validate checks the fence. Having none is valid.
func (f *Fence) validate() error {
	if f != nil && (f.Name == "" || len(f.MatchRaw) == 0) {
		return errors.New("a fence needs a name and a matcher")
	}
	return nil
}

// provision loads the matchers.
func (f *Fence) provision(ctx caddy.Context) error {
	if f == nil {
		return nil
	}
	sets, err := ctx.LoadModule(f, "MatchRaw")
	if err == nil {
		err = f.matchers.FromInterface(sets)
	}
	if err != nil {
		return fmt.Errorf("fence '@%s': %w", f.Name, err)
	}
	return nil
}

// open reports whether a request may enter the pool. Without a fence all may.
func (f *Fence) open(r *http.Request) bool {
	if f == nil {
		return true
	}
	match, err := f.matchers.AnyMatchWithError(r)
	return err == nil && match
}
