// Package sticky decides which worker serves a request: it turns what a
// request belongs to into a key, ranks the workers of a pool for that key, and
// says when a worker has enough.
//
// It is pure: it knows Matrix ids and tokens, and neither HTTP nor Caddy.
// Everything a request passes through here runs in time linear in its input
// and allocates nothing.
package sticky

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// Key stands for the user, room, server, address or URI that a request belongs
// to. Requests with equal keys prefer the same worker on every replica of the
// proxy, after every restart.
//
// A key decides only which worker, never what is allowed: it is made of what
// the client claims.
type Key uint64

// None is the key of a request that belongs to nothing: any worker will do.
// No constructor returns it for a thing that has a name.
const None Key = 0

// kind separates the keys of different things that are spelled alike: the user
// "alice" and the opaque token "alice" have nothing to do with each other. The
// values are part of the ranking, so they never change.
type kind uint64

const (
	kindUser kind = iota + 1
	kindToken
	kindRoom
	kindOrigin
	kindAddress
	kindURI
)

// Address returns the key of a client's IP address.
func Address(ip string) Key { return hash(kindAddress, ip) }

// URI returns the key of a request target, or of the part of one that names
// what is asked for. It is taken as it is: escapes are not decoded.
func URI(raw string) Key { return hash(kindURI, raw) }

// Room returns the key of a room, given the raw path segment that holds its id
// or alias. All percent-encodings of one id have one key. Ids are opaque: since
// room version 12 they need not name a server.
func Room(segment string) Key {
	if strings.IndexByte(segment, '%') < 0 {
		return hash(kindRoom, segment)
	}
	var d digest
	var block [256]byte
	for {
		n, used := unescapeBlock(block[:], segment)
		if segment = segment[used:]; segment == "" {
			return d.end(kindRoom, block[:n])
		}
		d.write(block[:n])
	}
}

// Digest returns 16 hex digits that tell one key from another in logs and in
// the output of commands. It is the same everywhere, but it does not give away
// the key itself, which would tell how to aim at a worker.
func (k Key) Digest() string {
	if k == None {
		return ""
	}
	const domain = "caddy-synapse-workers sticky key\x00"
	msg := binary.BigEndian.AppendUint64([]byte(domain), uint64(k))
	sum := sha256.Sum256(msg)
	return hex.EncodeToString(sum[:8])
}

// hash returns the key of a thing of a kind, None if it has no name.
func hash(k kind, name string) Key {
	if name == "" {
		return None
	}
	return k.key(xxhash.Sum64String(name))
}

// key returns the key of a thing of a kind whose name has that hash.
func (k kind) key(sum uint64) Key {
	return Key(max(sum^uint64(k)*0x9e3779b97f4a7c15, 1))
}

// digest hashes a name that becomes known block by block, most often in one. It
// comes to the same as hash of the whole name.
type digest struct {
	xx    xxhash.Digest
	begun bool
}

// write takes a block that is not the last.
func (d *digest) write(block []byte) {
	if !d.begun {
		d.xx.Reset()
		d.begun = true
	}
	_, _ = d.xx.Write(block)
}

// end takes the last block and returns the key of the whole.
func (d *digest) end(k kind, block []byte) Key {
	if !d.begun {
		return k.key(xxhash.Sum64(block))
	}
	_, _ = d.xx.Write(block)
	return k.key(d.xx.Sum64())
}
