package synapseworkers

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/homeserver"
	"github.com/caddy-matrix/caddy-synapse-workers/pool"
	"github.com/caddy-matrix/caddy-synapse-workers/roles"
	"github.com/caddy-matrix/caddy-synapse-workers/watch"
)

// synapseFiles is a from_synapse line: pools and options come from Synapse's
// own files when the Caddyfile is adapted.
type synapseFiles struct {
	token caddyfile.Token
	files homeserver.Files
}

// unmarshalFromSynapse reads a from_synapse line. Its files are read when all
// lines are known, since those overrule what the files say.
func unmarshalFromSynapse(h *Handler, d *caddyfile.Dispenser) error {
	h.synapse = &synapseFiles{token: d.Token()}
	words := d.RemainingArgs()
	if len(words) == 0 {
		return d.Errf("from_synapse takes Synapse's homeserver.yaml, and the files of the workers, such as: from_synapse homeserver.yaml workers/*.yaml")
	}
	for i, word := range words {
		if !filepath.IsAbs(word) {
			words[i] = filepath.Join(filepath.Dir(h.synapse.token.File), word)
		}
	}
	h.synapse.files = homeserver.Files{Shared: words[:1], Workers: words[1:]}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		if d.Val() != "watch" {
			return d.Errf("unknown option '%s' of from_synapse: expected watch", d.Val())
		}
		if d.NextArg() {
			return d.Errf("unexpected '%s': watch stands alone", d.Val())
		}
		if h.Watch != nil {
			return d.Errf("watch is already given")
		}
		for _, word := range words {
			path, err := filepath.Abs(word) // a reload may come from elsewhere
			if err != nil {
				return d.WrapErr(err)
			}
			h.Watch = append(h.Watch, path)
		}
		h.Watched = watch.Digest(h.Watch)
	}
	return nil
}

// lay lays the lines of the Caddyfile over those of Synapse's files, and gives
// the handler the options that it was not given. It returns the lines of all
// pools.
func (s *synapseFiles) lay(h *Handler, pools []caddyfile.Segment, given map[string]bool) ([]caddyfile.Segment, error) {
	plan, err := s.plan(h.SynapseVersion)
	if err != nil {
		return nil, s.errorf("%w", err)
	}
	for _, note := range plan.Notes {
		caddy.Log().Warn("from_synapse: " + note)
	}
	pools = slices.Clone(pools)
	upstreams := plan.Upstreams()
	overruled := make(map[string]bool)
	for i, segment := range pools {
		line := newPoolLine(segment)
		if line.fenced {
			continue
		}
		if !line.addressed {
			pools[i] = line.with(segment, upstreams)
		}
		for _, word := range line.words {
			overruled[word] = true
		}
	}
	for _, line := range plan.Lines() {
		segment := segmentOf(line)
		option, isOption := optionOf(segment)
		switch {
		case isOption && given[segment.Directive()]:
		case isOption:
			d := caddyfile.NewDispenser(segment)
			d.Next()
			if err := option(h, d); err != nil {
				return nil, err
			}
		default:
			line.Drop(overruled)
			if line.Upstreams < len(line.Words) {
				pools = append(pools, segmentOf(line))
			}
		}
	}
	return pools, nil
}

// plan reads the files.
func (s *synapseFiles) plan(version string) (*roles.Plan, error) {
	release, err := endpoint.ParseRelease(version)
	if err != nil {
		return nil, err
	}
	deployment, err := homeserver.Read(s.files)
	if err != nil {
		return nil, err
	}
	return roles.Of(deployment, release)
}

// errorf is an error at the from_synapse line.
func (s *synapseFiles) errorf(format string, args ...any) error {
	d := caddyfile.NewDispenser([]caddyfile.Token{s.token})
	d.Next()
	return d.WrapErr(fmt.Errorf("from_synapse: "+format, args...))
}

// segmentOf writes a line of a plan as tokens, which stand where Synapse's
// files say so: errors name that place.
func segmentOf(line roles.Line) caddyfile.Segment {
	segment := make(caddyfile.Segment, len(line.Words))
	for i, word := range line.Words {
		segment[i] = caddyfile.Token{File: line.Place.File, Line: line.Place.Line, Text: word}
	}
	return segment
}

// poolLine is the line of a pool in the Caddyfile.
type poolLine struct {
	words     []string // main, mas, or worker types
	fenced    bool
	addressed bool // whether it has upstreams of its own
}

// newPoolLine looks at the line of a pool. What is wrong with it is found
// later.
func newPoolLine(segment caddyfile.Segment) poolLine {
	d := caddyfile.NewDispenser(segment)
	d.Next()
	line := poolLine{words: []string{d.Val()}}
	for d.NextArg() {
		switch word := d.Val(); {
		case pool.IsDiscovery(word):
			line.addressed = true
			d.RemainingArgs()
		case strings.HasPrefix(word, "@"):
			line.fenced = true
		case strings.ContainsAny(word, ":/{"):
			line.addressed = true
		default:
			line.words = append(line.words, word)
		}
	}
	for d.NextBlock(0) {
		line.addressed = line.addressed || d.Val() == "to" || d.Val() == "dynamic" || pool.IsDiscovery(d.Val())
		d.NextSegment()
	}
	return line
}

// with adds the upstreams that Synapse's files have for the words of the line,
// in front of its block.
func (line poolLine) with(segment caddyfile.Segment, upstreams map[string][]string) caddyfile.Segment {
	var added caddyfile.Segment
	for _, word := range line.words {
		for _, upstream := range upstreams[word] {
			token := segment[len(line.words)-1].Clone()
			token.Text = upstream
			if !slices.ContainsFunc(added, func(t caddyfile.Token) bool { return t.Text == upstream }) {
				added = append(added, token)
			}
		}
	}
	return slices.Concat(segment[:len(line.words)], added, segment[len(line.words):])
}

// fromSynapse completes the pools by those of Synapse's files, if a line says
// so.
func (h *Handler) fromSynapse(pools []caddyfile.Segment, given map[string]bool) ([]caddyfile.Segment, error) {
	if h.synapse == nil {
		return pools, nil
	}
	return h.synapse.lay(h, pools, given)
}

// watchFiles has the files watched that the configuration was made from.
func (h *Handler) watchFiles(ctx caddy.Context) error {
	if len(h.Watch) == 0 {
		return nil
	}
	app, err := ctx.App(watch.AppID)
	if err != nil {
		return fmt.Errorf("getting the %s app: %w", watch.AppID, err)
	}
	app.(*watch.App).Add(watch.Files{Words: h.Watch, Held: h.Watched})
	return nil
}
