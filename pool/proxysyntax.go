package pool

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// The subdirectives of a pool are read by reverse_proxy's own parser, from
// tokens put together here. That parser tells lines apart by the file and line
// of each token, so tokens from elsewhere carry a mark in their file's name.
const (
	defaultMark = " (default)"
	endMark     = " (end)"
)

// CheckDefault reads one line of a pool's block that is meant for every pool,
// beside the defaults before it: a subdirective of reverse_proxy, or discovery.
// It reports false if the word is neither.
func CheckDefault(segment caddyfile.Segment, before []caddyfile.Segment) (known bool, err error) {
	switch word := segment.Directive(); {
	case word == discoveryWord && again(segment, before):
		return true, atToken(segment[0], fmt.Errorf("%s is already given", word))
	case word == discoveryWord:
		return true, new(Discovery).unmarshal(caddyfile.NewDispenser(segment))
	case slices.Contains([]string{"to", "dynamic", srvWord, aWord}, word):
		return true, atToken(segment[0], fmt.Errorf("'%s' belongs into a pool's block: each pool has upstreams of its own", word))
	}
	return probe(segment, before)
}

// probe reads one subdirective of reverse_proxy by itself, so that a mistake
// is found where it stands.
func probe(segment caddyfile.Segment, before []caddyfile.Segment) (known bool, err error) {
	d := caddyfile.NewDispenser(segment)
	d.Next()
	if again(segment, before) {
		return true, d.Errf("%s is already given", d.Val())
	}
	if err := refused(d); err != nil || switchesOff(segment) {
		return true, err
	}
	proxy, err := parseProxy(caddyfile.Token{Text: "reverse_proxy", File: segment[0].File + endMark}, nil, []caddyfile.Segment{segment})
	if err != nil && strings.Contains(err.Error(), "unrecognized subdirective "+d.Val()) {
		return false, nil
	}
	if err == nil {
		err = atToken(segment[0], checkProxy(proxy))
	}
	return true, err
}

// repeatable are the subdirectives of reverse_proxy that add up.
var repeatable = []string{
	"header_up", "header_down", "handle_response", "replace_status", "lb_retry_match", "trusted_proxies", "unhealthy_status",
}

// again reports whether a line would silently replace one before it.
func again(segment caddyfile.Segment, before []caddyfile.Segment) bool {
	word := segment.Directive()
	return !slices.Contains(repeatable, word) &&
		slices.ContainsFunc(before, func(b caddyfile.Segment) bool { return b.Directive() == word })
}

// overrule puts a pool's own subdirectives behind the defaults that they do
// not replace.
func overrule(defaults, own []caddyfile.Segment) []caddyfile.Segment {
	var merged []caddyfile.Segment
	for _, segment := range defaults {
		name := segment.Directive()
		adds := strings.HasPrefix(name, "header_")
		if adds || !slices.ContainsFunc(own, func(o caddyfile.Segment) bool { return o.Directive() == name }) {
			merged = append(merged, marked(segment))
		}
	}
	return append(merged, own...)
}

// marked copies a segment with a mark in its file's name.
func marked(segment caddyfile.Segment) caddyfile.Segment {
	copied := slices.Clone(segment)
	for i := range copied {
		copied[i].File += defaultMark
	}
	return copied
}

// parseProxy reads a reverse proxy from upstreams, which all stand on the given
// line, and the segments of its block.
func parseProxy(line caddyfile.Token, upstreams []caddyfile.Token, block []caddyfile.Segment) (*reverseproxy.Handler, error) {
	at := func(text string) caddyfile.Token {
		token := line
		token.Text = text
		return token
	}
	tokens := []caddyfile.Token{at("reverse_proxy")}
	for _, upstream := range upstreams {
		tokens = append(tokens, at(upstream.Text))
	}
	if len(block) > 0 {
		end := at("}")
		end.File += endMark
		tokens = append(tokens, at("{"))
		for _, segment := range block {
			tokens = append(tokens, segment...)
		}
		tokens = append(tokens, end)
	}
	proxy := new(reverseproxy.Handler)
	err := proxy.UnmarshalCaddyfile(caddyfile.NewDispenser(tokens))
	if proxy.TransportRaw == nil && slices.ContainsFunc(block, isTransport) {
		proxy.TransportRaw = json.RawMessage(plainHTTP)
	}
	return proxy, err
}

// plainHTTP is Caddy's own transport with no option, which reverse_proxy leaves
// out as its default. It is not that of a pool.
const plainHTTP = `{"protocol": "http"}`

func isTransport(segment caddyfile.Segment) bool { return segment.Directive() == "transport" }

// expand lists the dial addresses that an upstream stands for.
func expand(upstream caddyfile.Token) ([]string, error) {
	proxy, err := parseProxy(upstream, []caddyfile.Token{upstream}, nil)
	if err != nil {
		return nil, atToken(upstream, err)
	}
	dials := make([]string, len(proxy.Upstreams))
	for i, u := range proxy.Upstreams {
		dials[i] = u.Dial
	}
	return dials, nil
}

// isEmpty reports whether a reverse proxy says nothing.
func isEmpty(proxy *reverseproxy.Handler) bool {
	encoded, err := json.Marshal(proxy)
	return err == nil && string(encoded) == "{}"
}
