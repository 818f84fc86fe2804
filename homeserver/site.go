package homeserver

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// defaultUploadSize is Synapse's max_upload_size if none is set.
const defaultUploadSize = 50 << 20

// ServerName is the homeserver's name, the part of its users' ids behind the
// colon.
func (d *Deployment) ServerName() string { return d.Main.Settings["server_name"].Text() }

// BaseURL is where clients reach the homeserver.
func (d *Deployment) BaseURL() Value { return d.Main.Settings["public_baseurl"] }

// PublicHost is the host, perhaps with a port, that clients reach the
// homeserver by.
func (d *Deployment) PublicHost() string {
	if base, err := url.Parse(d.BaseURL().Text()); err == nil && base.Host != "" {
		return base.Host
	}
	host, _, _ := strings.Cut(d.ServerName(), ":")
	return host
}

// MaxUploadSize is how large a file a process takes, in bytes, and where that
// is set.
func (p *Process) MaxUploadSize() (int64, Place, error) {
	setting := p.Settings["max_upload_size"]
	if !setting.Given() {
		return defaultUploadSize, Place{}, nil
	}
	size, err := parseSize(setting.Text())
	if err != nil {
		return 0, setting.Place(), fmt.Errorf("%s: max_upload_size: %w", setting.Place(), err)
	}
	return size, setting.Place(), nil
}

// units are the suffixes of sizes (config/_base.py parse_size).
var units = map[byte]int64{'K': 1 << 10, 'M': 1 << 20, 'G': 1 << 30, 'T': 1 << 40}

// parseSize reads a size such as 50M.
func parseSize(text string) (int64, error) {
	number, unit := text, int64(1)
	if text != "" && units[text[len(text)-1]] > 0 {
		number, unit = text[:len(text)-1], units[text[len(text)-1]]
	}
	size, err := strconv.ParseInt(strings.ReplaceAll(number, "_", ""), 10, 64)
	if err != nil || size < 0 || size > (1<<62)/unit {
		return 0, fmt.Errorf("'%s' is not a size: expected one such as 50M", text)
	}
	return size * unit, nil
}

// PresenceOff returns the setting that disables presence (config/server.py).
func (d *Deployment) PresenceOff() (Place, bool) {
	setting := d.Main.Settings["presence"].Key("enabled")
	if !setting.Given() {
		setting = d.Main.Settings["use_presence"]
	}
	return setting.Place(), !setting.Bool(true)
}

// defaultMAS is where Synapse looks for Matrix Authentication Service if no
// endpoint is set (1.163.2, config/mas.py MasConfigModel).
const defaultMAS = "http://localhost:8080"

// MAS describes Matrix Authentication Service.
type MAS struct {
	Place    Place
	Endpoint string // where Synapse reaches it, or empty if the files do not say
}

// MAS returns the authentication service that Synapse relies on, or nil
// (config/mas.py, and before 1.136 config/experimental.py).
func (d *Deployment) MAS() *MAS {
	if mas := d.Main.Settings["matrix_authentication_service"]; mas.Key("enabled").Bool(false) {
		endpoint := defaultMAS
		if setting := mas.Key("endpoint"); setting.Given() {
			endpoint = setting.Text()
		}
		return &MAS{mas.Key("enabled").Place(), endpoint}
	}
	if msc := d.Main.Settings["experimental_features"].Key("msc3861"); msc.Key("enabled").Bool(false) {
		return &MAS{msc.Key("enabled").Place(), ""}
	}
	return nil
}

// SSO returns the setting that makes Synapse offer single sign-on, if one does
// (config/oidc.py, config/saml2.py, config/cas.py).
func (d *Deployment) SSO() (Place, bool) {
	s := d.Main.Settings
	if providers := s["oidc_providers"]; len(providers.Items()) > 0 {
		return providers.Place(), true
	}
	if old := s["oidc_config"]; old.Key("enabled").Bool(false) {
		return old.Place(), true
	}
	for _, name := range []string{"saml2_config", "cas_config"} {
		if old := s[name]; old.isMap() && old.Key("enabled").Bool(true) {
			return old.Place(), true
		}
	}
	return Place{}, false
}
