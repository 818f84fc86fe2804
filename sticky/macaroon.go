package sticky

import (
	"bytes"
	"strings"
)

// maxMacaroon is how large a macaroon may be, decoded. Synapse's have some 300
// bytes.
const maxMacaroon = 1024

// macaroonOwner returns the key of the user whom a macaroon names. Guests have
// such tokens, and so had everybody before Synapse 1.34 (util/macaroons.py). A
// macaroon is a list of packets in base64, one of which reads
// "cid user_id = @localpart:server".
func macaroonOwner(token string) (Key, bool) {
	if !strings.HasPrefix(token, "MD") { // "00", the length of the first packet
		return None, false
	}
	var buf [maxMacaroon]byte
	packets, ok := decodeBase64(buf[:], strings.TrimRight(token, "="))
	for ok && len(packets) > 0 {
		var packet []byte
		if packet, packets, ok = cutPacket(packets); !ok {
			break
		}
		id, found := bytes.CutPrefix(packet, []byte("cid user_id = @"))
		if !found {
			continue
		}
		localpart, _, complete := bytes.Cut(id, []byte(":"))
		if !complete || len(localpart) == 0 || len(localpart) > maxLocalpart {
			break
		}
		return userKey(localpart), true
	}
	return None, false
}

// cutPacket cuts the first packet off: four hex digits of its whole length, a
// name, a space, a value, and a line break.
func cutPacket(packets []byte) (packet, rest []byte, ok bool) {
	const header = 4
	if len(packets) < header {
		return nil, nil, false
	}
	length := 0
	for _, b := range packets[:header] {
		digit := unhex(b)
		if digit < 0 {
			return nil, nil, false
		}
		length = length<<4 | digit
	}
	if length <= header || length > len(packets) || packets[length-1] != '\n' {
		return nil, nil, false
	}
	return packets[header : length-1], packets[length:], true
}
