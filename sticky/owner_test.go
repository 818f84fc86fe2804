package sticky

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/tokentest"
)

// Tokens as Synapse and Matrix Authentication Service make them.
const (
	aliceToken = "syt_YWxpY2U_abcdefghijABCDEFGHIJ_1Ygu31"
	masToken   = "mat_0123456789abcdefghijABCDEFGHIJ_0pmO7B"
)

var guestToken = tokentest.Guest("1234")

func TestOwner(t *testing.T) {
	tests := []struct {
		name, token, query string
		owner              string // the localpart, "" if it is not known
		claim              Claim
	}{
		{name: "no token", claim: Absent},
		{name: "no token of an appservice", query: "user_id=@bob:example.org", claim: Absent},

		{name: "Synapse", token: aliceToken, owner: "alice", claim: Named},
		{name: "Synapse, another device", token: tokentest.Synapse("alice", "x"), owner: "alice", claim: Named},
		{name: "Synapse, with a name beyond ASCII", token: tokentest.Synapse("käse", "x"), owner: "käse", claim: Named},
		{name: "Synapse, longest name", token: tokentest.Synapse(strings.Repeat("a", 255), "x"), owner: strings.Repeat("a", 255), claim: Named},
		{name: "Synapse, for somebody else", token: aliceToken, query: "user_id=@bob:example.org", owner: "alice", claim: Named},
		{name: "Synapse, imported to MAS", token: tokentest.Signed("syt_Ym9i_x"), owner: "bob", claim: Named},

		{name: "MAS", token: masToken, claim: Withheld},
		{name: "MAS, of an old client", token: tokentest.MASSigned("mct_0123456789abcdefghijABCDEFGHIJ"), claim: Withheld},
		{name: "MAS, without a zero", token: tokentest.MASSigned("mat_zyxwvutsrqZYXWVUTSRQ9876543210"), claim: Withheld},
		{name: "MAS, for somebody else", token: masToken, query: "user_id=@bob:example.org", claim: Withheld},

		{name: "guest", token: guestToken, owner: "1234", claim: Named},
		{name: "guest, padded", token: guestToken + "==", owner: "1234", claim: Named},
		{name: "macaroon of long ago", token: tokentest.Macaroon("location a", "cid user_id = @alice:a"), owner: "alice", claim: Named},
		{name: "macaroon of nobody", token: tokentest.Macaroon("location a", "cid gen = 1"), claim: Withheld},
		{name: "macaroon without a server", token: tokentest.Macaroon("location a", "cid user_id = @alice"), claim: Withheld},
		{name: "macaroon of an empty name", token: tokentest.Macaroon("location a", "cid user_id = @:a"), claim: Withheld},
		{name: "macaroon cut off", token: guestToken[:40], claim: Withheld},
		{name: "macaroon with a length of nothing", token: base64.RawURLEncoding.EncodeToString([]byte("000clocation\n0000")), claim: Withheld},

		{name: "appservice", token: "s3cr3t", claim: Withheld},
		{name: "appservice, for a user", token: "s3cr3t", query: "user_id=@_irc_bob:example.org", owner: "_irc_bob", claim: Named},
		{name: "appservice, escaped", token: "s3cr3t", query: "ts=1&user%5Fid=%40bob%3Aexample.org", owner: "bob", claim: Named},
		{name: "appservice, for no user", token: "s3cr3t", query: "user_id=bob", claim: Withheld},
		{name: "appservice, for nobody", token: "s3cr3t", query: "user_id=@:example.org", claim: Withheld},
		{name: "appservice, without a server", token: "s3cr3t", query: "user_id=@bob", claim: Withheld},
		{name: "of long ago", token: "QGFsaWNlOmV4YW1wbGUub3Jn.kFVJzCqhdDkJRjWcZB", claim: Withheld},

		{name: "wrong checksum", token: "syt_YWxpY2U_abcdefghijABCDEFGHIJ_1Ygu32", claim: Forged},
		{name: "checksum in the order of MAS", token: "syt_YWxpY2U_abcdefghijABCDEFGHIJ_" + "13ugY1", claim: Forged},
		{name: "checksum too short", token: "syt_YWxpY2U_abcdefghijABCDEFGHIJ_1Ygu3", claim: Forged},
		{name: "MAS with a control character", token: tokentest.MASSigned("mat_abcdefghijabcdefghijabcdefghi\x01"), claim: Forged},
		{name: "MAS beyond ASCII", token: tokentest.MASSigned("mat_abcdefghijabcdefghijabcdefghi\xff"), claim: Forged},
		{name: "no localpart", token: tokentest.Signed("syt__abcdefghijABCDEFGHIJ"), claim: Forged},
		{name: "no random part", token: tokentest.Signed("syt_YWxpY2U_"), claim: Forged},
		{name: "three parts", token: tokentest.Signed("syt_YWxpY2U"), claim: Forged},
		{name: "two parts", token: tokentest.Signed("syt_"), claim: Forged},
		{name: "too short", token: tokentest.Signed("syt_a_b"), claim: Forged},
		{name: "five parts", token: tokentest.Signed("syt_YWxpY2U_a_b"), claim: Forged},
		{name: "padded", token: tokentest.Signed("syt_YWxpY2U=_a"), claim: Forged},
		{name: "base64 of URLs", token: tokentest.Signed("syt_Pj4-_a"), claim: Forged},
		{name: "impossible length", token: tokentest.Signed("syt_YWxpY_a"), claim: Forged},
		{name: "impossible length, of zeros", token: tokentest.Signed("syt_AAAAA_a"), claim: Forged},
		{name: "loose bits", token: tokentest.Signed("syt_YWxpY2V_a"), claim: Forged},
		{name: "a line break", token: tokentest.Signed("syt_YWxp\nY2U_a"), claim: Forged},
		{name: "longer than a user", token: tokentest.Synapse(strings.Repeat("a", 256), "x"), claim: Forged},
		{name: "MAS with a wrong checksum", token: "mat_0123456789abcdefghijABCDEFGHIJ_0pmO7C", claim: Forged},
		{name: "MAS, checksum in the order of Synapse", token: tokentest.Signed("mat_0123456789abcdefghijABCDEFGHIJ"), claim: Forged},
		{name: "MAS, too short", token: tokentest.MASSigned("mat_0123456789"), claim: Forged},
		{name: "refresh token", token: tokentest.Signed("syr_YWxpY2U_abcdefghijABCDEFGHIJ"), claim: Forged},
		{name: "login token", token: tokentest.Signed("syl_abcdefghijABCDEFGHIJ"), claim: Forged},
		{name: "refresh token of MAS", token: tokentest.MASSigned("mar_0123456789abcdefghijABCDEFGHIJ"), claim: Forged},
		{name: "the scheme alone", token: "syt_", claim: Forged},
		{name: "beyond ASCII", token: "schlüssel", claim: Forged},
		{name: "with a space", token: "a b", claim: Forged},
		{name: "endless", token: strings.Repeat("a", 513), claim: Forged},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key, claim := Owner(tt.token, tt.query)
			want := OfToken(tt.token)
			if tt.owner != "" {
				want = User(tt.owner)
			}
			if key != want || claim != tt.claim {
				t.Errorf("key %x, claim %d; want %x, %d", uint64(key), claim, uint64(want), tt.claim)
			}
		})
	}
}

// Only devices have transactions that Synapse remembers.
func TestOfDevice(t *testing.T) {
	for token, want := range map[string]bool{
		aliceToken: true, guestToken: true, masToken: true, "as_token": false, "": false, masToken + "x": false,
		tokentest.Signed("syt_YWxpY2U_abcdefghijABCDEFGHI\x01"): false, tokentest.Signed("syt_YWxpY2U_abcdefghijABCDEFGHI\xff"): false,
	} {
		if OfDevice(token) != want {
			t.Errorf("OfDevice(%q) is %t", token, !want)
		}
	}
}

func TestUserID(t *testing.T) {
	for id, localpart := range map[string]string{
		"@alice:example.org": "alice", "@a:b:8448": "a", "@Alice:b": "Alice", "@=40:b": "=40",
		"alice": "", "@alice": "", "@:b": "", "": "", "!room:b": "",
	} {
		key, ok := UserID(id)
		if key != User(localpart) || ok != (localpart != "") {
			t.Errorf("UserID(%q) = %x, %t", id, uint64(key), ok)
		}
	}
}

// ownerOf is Owner of a request that has nothing but a token.
func ownerOf(token string) Key {
	key, _ := Owner(token, "")
	return key
}
