package endpoint

// A Key names what keeps requests together on one worker of a pool. It decides
// only which worker serves a request, never what the request may do.
type Key uint8

// The keys, and where each is found in a request.
const (
	KeyNone     Key = iota // nothing: any worker is as good as another
	KeyUser                // the user whom the access token belongs to
	KeyRoom                // the room id or alias in the path
	KeyOrigin              // the homeserver that signed a federation request
	KeyClientIP            // the address of the client
	KeyURI                 // the URI itself, or the media id in it
)

var keyNames = [...]string{
	KeyNone:     "none",
	KeyUser:     "user",
	KeyRoom:     "room",
	KeyOrigin:   "origin",
	KeyClientIP: "client_ip",
	KeyURI:      "uri",
}

// String returns the name of the key as it is written in a configuration.
func (k Key) String() string {
	if int(k) < len(keyNames) {
		return keyNames[k]
	}
	return "unknown"
}

// ParseKey is the inverse of [Key.String].
func ParseKey(name string) (Key, bool) {
	for k, known := range keyNames {
		if known == name {
			return Key(k), true
		}
	}
	return KeyNone, false
}
