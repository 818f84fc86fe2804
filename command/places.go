package command

import (
	"os"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-matrix/caddy-synapse-workers/audit"
	"github.com/caddy-matrix/caddy-synapse-workers/homeserver"
	"github.com/caddy-matrix/caddy-synapse-workers/routing"
)

// places are where the directives of a Caddyfile stand, which is not known any
// more when it has been adapted. A configuration that is no Caddyfile has
// none but the file.
type places struct {
	file   string
	blocks []block
}

// block is one directive: the places of its lines.
type block struct {
	place   homeserver.Place
	lines   []caddyfile.Segment
	options map[string]homeserver.Place // by the first words of lines
}

// readPlaces finds the directives of a Caddyfile, imports and snippets
// included.
func readPlaces(file string) places {
	p := places{file: file}
	content, err := os.ReadFile(file) //nolint:gosec // the operator names the file
	if err != nil {
		return p
	}
	servers, err := caddyfile.Parse(file, content)
	if err != nil {
		return p
	}
	for _, server := range servers {
		for _, segment := range server.Segments {
			p.add(segment)
		}
	}
	return p
}

// add finds the directives in a directive of a site, which may be a route
// around them.
func (p *places) add(segment caddyfile.Segment) {
	for i, token := range segment {
		first := i == 0 || segment[i-1].File != token.File || segment[i-1].Line != token.Line
		if token.Text != "synapse_workers" || !first {
			continue
		}
		b := block{place: placeOf(token), options: make(map[string]homeserver.Place)}
		d := caddyfile.NewDispenser(segment[i:])
		d.Next()
		d.RemainingArgs()
		for d.NextBlock(0) {
			line := d.NextSegment()
			b.lines = append(b.lines, line)
			b.options[line.Directive()] = placeOf(line[0])
		}
		p.blocks = append(p.blocks, b)
	}
}

// placeOf is the place of a token.
func placeOf(token caddyfile.Token) homeserver.Place {
	return homeserver.Place{File: token.File, Line: token.Line}
}

// mark tells a proxy where its configuration stands.
func (p places) mark(proxy *audit.Proxy) {
	b := p.of(proxy)
	proxy.Place, proxy.Options = b.place, b.options
	for i := range proxy.Pools {
		proxy.Pools[i].Place = b.pool(proxy.Pools[i].Pool)
	}
}

// of finds the block that a proxy was made from: the first that has its main
// process, or that takes it from Synapse's files.
func (p places) of(proxy *audit.Proxy) block {
	for _, b := range p.blocks {
		if b.has(proxy.Pools[routing.Main].Upstreams) {
			return b
		}
	}
	return block{place: homeserver.Place{File: p.file}}
}

// has tells whether a block has one of these as its main process.
func (b block) has(main []audit.Upstream) bool {
	from := false
	for _, line := range b.lines {
		from = from || line.Directive() == "from_synapse"
		if line.Directive() != routing.MainName {
			continue
		}
		for _, token := range line {
			for _, worker := range main {
				if _, address, _ := strings.Cut(token.Text, "://"); token.Text == worker.Dial || address == worker.Dial || strings.HasSuffix(token.Text, "="+worker.Dial) {
					return true
				}
			}
		}
	}
	return from
}

// pool is the place of a pool's line, or of what it came from.
func (b block) pool(route routing.Pool) homeserver.Place {
	word, _, fenced := strings.Cut(route.Name(), "@")
	for _, line := range b.lines {
		if line.Directive() != word {
			continue
		}
		for _, token := range line {
			if token.Text == "@"+route.Fence {
				return placeOf(token)
			}
		}
		if !fenced {
			return placeOf(line[0])
		}
	}
	if place, from := b.options["from_synapse"]; from {
		return place
	}
	return b.place
}
