package main

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// A request is a pair with everything filled in.
type request struct {
	method, target, body string
	authorization        string
}

// password is that of every user.
const password = "correct horse battery staple"

// Whose tokens are valid, and tokens of their shape that are not.
const wrongToken = "syt_d3Jvbmc_AAAAAAAAAAAAAAAAAAAA_000000"

var placeholder = regexp.MustCompile(`\{\w+\}`)

// request fills a pair in for a user.
func (p pair) request(as *identity, c *cast, sign *signer) request {
	before, _, after := split(p.path)
	path := before + p.version + after
	values := p.values(as, c)
	spell := spelling[p.variant]
	r := request{
		method: p.method,
		target: fill(path, values, spell),
		body:   fill(p.body(p.method), values, func(text string) string { return text }),
	}
	if p.query != "" {
		r.target += "?" + fill(p.query, values, url.QueryEscape)
	}
	r.authorization = p.authorization(r, as, sign)
	return r
}

func (p pair) authorization(r request, as *identity, sign *signer) string {
	switch {
	case p.auth == "none":
		return ""
	case p.api == federationAPI:
		return sign.header(r, p.auth == "valid")
	case p.auth == "wrong":
		return "Bearer " + wrongToken
	default:
		return "Bearer " + as.Token
	}
}

// values are what the names in braces stand for. Where the only id is a room's, which never has a slash, a room that
// does not exist stands in for one that has.
func (p pair) values(as *identity, c *cast) map[string]string {
	slash := ""
	if p.variant == "slash" {
		slash = "/"
	}
	values := map[string]string{
		"roomId": as.Room, "roomIdOrAlias": as.Alias, "roomAlias": as.Alias, "eventId": as.Event,
		"userId": as.User, "deviceId": as.Device, "localpart": as.Localpart, "password": password,
		"filterId": as.Filter, "serverName": c.Server, "mediaId": c.Media, "fileName": "file" + slash + "name",
		"eventType": "org.example.e2e" + slash, "stateKey": "key" + slash, "type": "org.example.e2e" + slash,
		"txnId": fmt.Sprintf("txn%s%d", slash, p.number), "number": strconv.Itoa(p.number), "tag": "u.e2e" + slash, "ruleId": "rule" + slash,
		"keyName": "displayname" + slash, "kind": "override", "receiptType": "m.read", "relType": "m.annotation",
		"version": "1" + slash, "sessionId": "session" + slash, "queryType": "other" + slash,
		"protocol": "irc" + slash, "networkId": "irc" + slash, "idpId": "idp" + slash, "appserviceId": "bridge" + slash,
	}
	if slash != "" && strings.Count(p.path, "{") == 1 {
		values["roomId"] = "!no/such:" + c.Server
	}
	return values
}

// fill puts values in the place of names in braces. JSON's own braces hold no single word.
func fill(text string, values map[string]string, spell func(string) string) string {
	return placeholder.ReplaceAllStringFunc(text, func(name string) string {
		value, ok := values[strings.Trim(name, "{}")]
		if !ok {
			panic("endpoints.tsv: nothing stands for " + name)
		}
		return spell(value)
	})
}

// spelling is how ids are written into a path.
var spelling = map[string]func(string) string{
	"plain":   segment,
	"escaped": escaped,
	"slash":   segment,
	"v12":     segment,
}

// segment escapes what cannot stand in a segment of a path, and nothing else.
func segment(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if strings.IndexByte("-._~!$&'()*+,;=:@", c) >= 0 || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// escaped escapes every byte.
func escaped(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}
