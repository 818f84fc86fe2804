package mas

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
)

// Kind is the prefix of a session's access tokens, which says how the client logged in.
type Kind string

// The kinds.
const (
	OAuth    Kind = "mat" // with OAuth 2
	Compat   Kind = "mct" // by the old login, which MAS serves in Synapse's place
	Imported Kind = "syt" // at Synapse, before MAS took over
)

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// newToken makes a token of a kind. Only an imported one says whose it is.
func newToken(kind Kind, localpart string) string {
	if kind == Imported {
		body := "syt_" + base64.RawStdEncoding.EncodeToString([]byte(localpart)) + "_" + randomText(20)
		return body + "_" + checksum(body, true)
	}
	return Token(kind, randomText(30))
}

// Token makes a token of MAS from its random part.
func Token(kind Kind, random string) string {
	body := string(kind) + "_" + random
	return body + "_" + checksum(body, false)
}

// checksum is the last part of a token: the CRC-32 of all before it to the base 62, with zeros in front to make six.
// Synapse writes the most significant digit first, MAS the least.
func checksum(body string, mostFirst bool) string {
	var sum []byte
	for rest := crc32.ChecksumIEEE([]byte(body)); rest > 0; rest /= 62 {
		sum = append(sum, digits[rest%62])
	}
	if mostFirst {
		slices.Reverse(sum)
	}
	return fmt.Sprintf("%06s", sum)
}

// randomText holds letters only, as the random part of Synapse's tokens does. MAS has digits too.
func randomText(length int) string {
	var text strings.Builder
	for text.Len() < length {
		text.WriteString(strings.Map(letter, rand.Text()))
	}
	return text.String()[:length]
}

func letter(r rune) rune {
	if r >= 'A' && r <= 'Z' {
		return r
	}
	return -1
}
