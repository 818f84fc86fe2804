package command

import (
	"encoding/json"
	"io"
	"net/http"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

// adminAPI is how a command reaches the admin API of the Caddy that runs.
type adminAPI struct{ address, config, adapter string }

// flags adds the flags to a command that tell where it is.
func (a *adminAPI) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&a.address, "address", "", "The address of Caddy's admin API (default: that of the configuration)")
	flags.StringVarP(&a.config, "config", "c", "", "The configuration file, for the address of the admin API")
	flags.StringVarP(&a.adapter, "adapter", "a", "", "The configuration adapter (default: by the file's name)")
}

// find finds the address, which comes before all questions.
func (a *adminAPI) find() (err error) {
	a.address, err = caddycmd.DetermineAdminAPIAddress(a.address, nil, a.config, a.adapter)
	return err
}

// ask asks the admin API. An answer that is an error is one here too. Otherwise
// the body must be closed.
func (a *adminAPI) ask(method, uri string, header http.Header, body io.Reader) (*http.Response, error) {
	if header == nil {
		header = make(http.Header)
	}
	header.Set("Connection", "close") // each question has a client of its own
	return caddycmd.AdminAPIRequest(a.address, method, uri, header, body)
}

// read asks the admin API, and reads its answer.
func (a *adminAPI) read(method, uri string, answer any) error {
	response, err := a.ask(method, uri, nil, nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	return json.NewDecoder(response.Body).Decode(answer)
}
