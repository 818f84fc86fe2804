package upstream

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

func TestUnmarshalCaddyfile(t *testing.T) {
	tests := []struct{ input, want string }{
		{`synapse_sticky`, `{}`},
		{`synapse_sticky auto`, `{"key":"auto"}`},
		{`synapse_sticky user`, `{"key":"user"}`},
		{`synapse_sticky room`, `{"key":"room"}`},
		{`synapse_sticky origin`, `{"key":"origin"}`},
		{`synapse_sticky client_ip`, `{"key":"client_ip"}`},
		{`synapse_sticky uri`, `{"key":"uri"}`},
		{"synapse_sticky user {\n}", `{"key":"user"}`},
		{"synapse_sticky {\n bound 1.5\n floor 0\n}", `{"bound":1.5,"floor":0}`},
		{"synapse_sticky room {\n bound off\n floor 200\n}", `{"key":"room","bound":0,"floor":200}`},
		{"synapse_sticky {\n slow_start 1m30s\n}", `{"slow_start":90000000000}`},
		{"synapse_sticky {\n slow_start 1d\n floor 1\n}", `{"floor":1,"slow_start":86400000000000}`},
		{"synapse_sticky {\n slow_start off\n}", `{"slow_start":0}`},
		{"synapse_sticky {\n slow_start 0\n}", `{"slow_start":0}`},
	}
	for _, tt := range tests {
		t.Run(tt.input, func(t *testing.T) {
			s := new(Sticky)
			if err := s.UnmarshalCaddyfile(caddyfile.NewTestDispenser(tt.input)); err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(s)
			if err != nil || string(got) != tt.want {
				t.Errorf("%s, %v; want %s", got, err, tt.want)
			}
			provisioned(t, s)
		})
	}
}

// A refusal names the line, the word that is wrong, and what is expected.
func TestUnmarshalCaddyfileRefusals(t *testing.T) {
	tests := []struct {
		input string
		want  []string
	}{
		{`synapse_sticky usr`, []string{"Testfile:1", "'usr'", "user, room, origin, client_ip, uri or auto"}},
		{`synapse_sticky none`, []string{"'none'", "user, room"}},
		{`synapse_sticky user room`, []string{"'room'", "one key"}},
		{"synapse_sticky {\n bounds 2\n}", []string{"Testfile:2", "'bounds'", "bound, floor or slow_start"}},
		{"synapse_sticky {\n bound\n}", []string{"Testfile:2", "'bound'"}},
		{"synapse_sticky {\n bound 1\n}", []string{"'1'", "greater than 1, or off"}},
		{"synapse_sticky {\n bound 0\n}", []string{"'0'", "greater than 1, or off"}},
		{"synapse_sticky {\n bound -2\n}", []string{"'-2'", "greater than 1, or off"}},
		{"synapse_sticky {\n bound NaN\n}", []string{"'NaN'", "greater than 1, or off"}},
		{"synapse_sticky {\n bound Inf\n}", []string{"'Inf'", "greater than 1, or off"}},
		{"synapse_sticky {\n bound no\n}", []string{"'no'", "greater than 1, or off"}},
		{"synapse_sticky {\n bound 2 3\n}", []string{"'3'", "bound takes one value"}},
		{"synapse_sticky {\n bound 2\n bound 3\n}", []string{"Testfile:3", "bound already specified"}},
		{"synapse_sticky {\n floor\n}", []string{"'floor'"}},
		{"synapse_sticky {\n floor -1\n}", []string{"'-1'", "0 or more"}},
		{"synapse_sticky {\n floor 1.5\n}", []string{"'1.5'", "0 or more"}},
		{"synapse_sticky {\n floor 1 2\n}", []string{"'2'", "floor takes one value"}},
		{"synapse_sticky {\n floor 1\n floor 2\n}", []string{"Testfile:3", "floor already specified"}},
		{"synapse_sticky {\n slow_start\n}", []string{"Testfile:2", "'slow_start'"}},
		{"synapse_sticky {\n slow_start -1s\n}", []string{"'-1s'", "a duration such as 30s, or off"}},
		{"synapse_sticky {\n slow_start 30\n}", []string{"'30'", "a duration such as 30s, or off"}},
		{"synapse_sticky {\n slow_start no\n}", []string{"'no'", "a duration such as 30s, or off"}},
		{"synapse_sticky {\n slow_start 1s 2s\n}", []string{"'2s'", "slow_start takes one value"}},
		{"synapse_sticky {\n slow_start off\n slow_start 1s\n}", []string{"Testfile:3", "slow_start already specified"}},
		{"synapse_sticky {\n floor 1 {\n x\n }\n}", []string{"Testfile:2", "'{'"}},
	}
	for _, tt := range tests {
		t.Run(tt.input, func(t *testing.T) {
			err := new(Sticky).UnmarshalCaddyfile(caddyfile.NewTestDispenser(tt.input))
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}

// JSON is held to the same rules.
func TestValidate(t *testing.T) {
	for config, want := range map[string]string{
		`{}`:                                 "",
		`{"key":"user","bound":0}`:           "",
		`{"bound":1.01,"floor":0}`:           "",
		`{"key":"usr"}`:                      `"usr"`,
		`{"key":"none"}`:                     `"none"`,
		`{"bound":1}`:                        "invalid bound 1",
		`{"bound":-1.5}`:                     "invalid bound -1.5",
		`{"floor":-1}`:                       "invalid floor -1",
		`{"slow_start":"1m"}`:                "",
		`{"slow_start":0}`:                   "",
		`{"slow_start":-1}`:                  "invalid slow_start -1ns",
		`{"key":"usr","bound":1,"floor":-1}`: `"usr"`,
	} {
		s := new(Sticky)
		if err := json.Unmarshal([]byte(config), s); err != nil {
			t.Fatal(err)
		}
		if err := s.Provision(caddy.Context{}); err != nil {
			t.Fatal(err)
		}
		err := s.Validate()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", config, err, want)
		}
	}
}
