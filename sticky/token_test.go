package sticky

import (
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/tokentest"
)

func TestToken(t *testing.T) {
	const token = "syt_YWxpY2U_abcdefghijABCDEFGHIJ_1Ygu31"
	tests := []struct {
		name   string
		header []string
		query  string
		want   string
	}{
		{"header", []string{"Bearer " + token}, "", token},
		{"query", nil, "access_token=" + token, token},
		{"query, not first", nil, "since=s1&access_token=" + token + "&timeout=30000", token},
		{"header before query", []string{"Bearer " + token}, "access_token=x", token},
		{"escaped in the query", nil, "access_token=syt%5FYWxpY2U%5fabcdefghijABCDEFGHIJ_1Ygu31", token},
		{"escaped name", nil, "access%5Ftoken=" + token, token},
		{"plus as written", nil, "access_token=a%2Bb", "a+b"},
		{"plus as a space", nil, "access_token=a+b", "a b"},
		{"malformed escape", nil, "access_token=a%zzb%2", "a%zzb%2"},
		{"scheme in lower case", []string{"bearer " + token}, "", ""},
		{"two spaces", []string{"Bearer  " + token}, "", " " + token},
		{"tab", []string{"Bearer\t" + token}, "", ""},
		{"words after it", []string{"Bearer a b"}, "", "a b"},
		{"no token", []string{"Bearer "}, "", ""},
		{"other scheme", []string{"X-Matrix origin=a"}, "access_token=b", "b"},
		{"second header", []string{"Basic x", "Bearer " + token}, "", token},
		{"empty parameter", nil, "access_token=&access_token=a", ""},
		{"no value", nil, "access_token", ""},
		{"longer name", nil, "access_tokens=a&xaccess_token=b&access_toke=c", ""},
		{"nothing", nil, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := Token(tt.header, tt.query)
			if got != tt.want || ok != (tt.want != "") {
				t.Errorf("Token(%q, %q) = %q, %t; want %q", tt.header, tt.query, got, ok, tt.want)
			}
		})
	}
}

func TestHeaderAndQueryAreOneKey(t *testing.T) {
	for _, pair := range [][2]string{
		{"syt_YWxpY2U_abcdefghijABCDEFGHIJ_1Ygu31", "syt_YWxpY2U_abcdefghijABCDEFGHIJ_1Ygu31"},
		{tokentest.Synapse("???", "x"), strings.ReplaceAll(tokentest.Synapse("???", "x"), "/", "%2F")},
		{tokentest.Synapse(">>>", "x"), strings.ReplaceAll(tokentest.Synapse(">>>", "x"), "+", "%2b")},
		{"as token/+=", "as%20token%2F%2B%3D"},
	} {
		inQuery, _ := Token(nil, "access_token="+pair[1])
		if inQuery != pair[0] || ownerOf(inQuery) != ownerOf(pair[0]) {
			t.Errorf("%s in the query is another token than %s in the header", pair[1], pair[0])
		}
	}
}
