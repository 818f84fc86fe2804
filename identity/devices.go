package identity

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"golang.org/x/sync/singleflight"
)

// devicePatience is how long Synapse is asked for a device.
const devicePatience = 2 * time.Second

// Devices asks Synapse whether tokens are devices'. It remembers nothing, since
// that is asked only when a worker has died. It may be used by many goroutines.
// The zero value is ready.
type Devices struct {
	calls singleflight.Group
}

// Has reports whether Synapse says, within two seconds, that a token is a
// device's. However many want to know it at a time, Synapse is asked once.
func (d *Devices) Has(token string, ask Ask) bool {
	answer, _, _ := d.calls.Do(token, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.Background(), devicePatience)
		defer cancel()
		return namesDevice(ask(ctx)), nil
	})
	has, _ := answer.(bool)
	return has
}

// namesDevice reads an answer: there is a device's id in it if the token has
// one (Synapse 1.163.2, rest/client/account.py WhoamiRestServlet).
func namesDevice(status int, body []byte, err error) bool {
	var whoami struct {
		DeviceID string `json:"device_id"`
	}
	return err == nil && status == http.StatusOK &&
		json.Unmarshal(body, &whoami) == nil && whoami.DeviceID != ""
}
