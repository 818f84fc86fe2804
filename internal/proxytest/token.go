package proxytest

import "encoding/base64"

// Token is an access token in Synapse's form, of a user's device.
func Token(localpart, device string) string {
	return "syt_" + base64.RawStdEncoding.EncodeToString([]byte(localpart)) + "_" + device + "_0000gg"
}

// Bearer is a header field with the token of a user's device.
func Bearer(localpart, device string) string {
	return "Authorization: Bearer " + Token(localpart, device)
}
