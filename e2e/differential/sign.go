package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// A signer signs federation requests. The homeserver's own key will do: it trusts itself, and is in all of its rooms.
type signer struct {
	server, id string
	key        ed25519.PrivateKey
}

// newSigner reads a signing key as Synapse keeps it: algorithm, version and seed.
func newSigner(server, file string) (*signer, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	fields := strings.Fields(string(text))
	if len(fields) != 3 {
		return nil, fmt.Errorf("%s is not a signing key", file)
	}
	seed, err := base64.RawStdEncoding.DecodeString(fields[2])
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("%s is not a signing key", file)
	}
	return &signer{server: server, id: fields[0] + ":" + fields[1], key: ed25519.NewKeyFromSeed(seed)}, nil
}

// header signs a request, or makes a signature that does not fit.
func (s *signer) header(r request, valid bool) string {
	message := map[string]any{
		"method": r.method, "uri": r.target, "origin": s.server, "destination": s.server,
	}
	if r.body != "" {
		message["content"] = json.RawMessage(r.body)
	}
	if !valid {
		message["uri"] = "/another"
	}
	signature := base64.RawStdEncoding.EncodeToString(ed25519.Sign(s.key, canonical(message)))
	return fmt.Sprintf(`X-Matrix origin="%s",destination="%s",key="%s",sig="%s"`, s.server, s.server, s.id, signature)
}

// canonical is Matrix's canonical JSON: sorted, without spaces, nothing escaped that need not be.
func canonical(message map[string]any) []byte {
	for name, value := range message {
		if raw, ok := value.(json.RawMessage); ok {
			var content any
			numbers := json.NewDecoder(bytes.NewReader(raw))
			numbers.UseNumber()
			if err := numbers.Decode(&content); err != nil {
				panic(fmt.Sprintf("endpoints.tsv: %s is not JSON", raw))
			}
			message[name] = content
		}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(message); err != nil {
		panic(err)
	}
	return bytes.TrimRight(out.Bytes(), "\n")
}
