// Package peer writes the configurations of the proxies that are compared, all
// from one description of the homeserver, and runs them.
package peer

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
)

// Peer is a proxy that takes part.
type Peer struct {
	// Name is a short one, Title is for people.
	Name, Title string

	// Routes tells whether it sends requests to pools: whether it does the job.
	Routes bool

	// program runs it, with arguments that name its configuration.
	program   string
	arguments func(directory string) []string

	// files are its configuration: templates, by the name of the file they make.
	files map[string]string
}

// IsCaddy tells whether the peer can profile itself.
func (p Peer) IsCaddy() bool { return p.files["Caddyfile"] != "" }

// Apart returns the peer with a copy of its program in a directory. Processes of one
// file share its memory, and so what a core's caches hold of it.
func (p Peer) Apart(directory string) (Peer, error) {
	program, err := exec.LookPath(p.program)
	if err != nil {
		return p, err
	}
	content, err := os.ReadFile(program) //nolint:gosec // whoever runs the benchmark names it
	if err != nil {
		return p, err
	}
	p.program = filepath.Join(directory, "program")
	return p, os.WriteFile(p.program, content, 0o700) //nolint:gosec // to be run
}

// Programs are the binaries to run.
type Programs struct{ Caddy, Nginx, HAProxy string }

// Reference is the name of the peer that the others are compared with.
const Reference = "plain"

// All lists the peers, the reference first. The plugin stands in twice: as it
// is, and with the transport that Caddy brings.
func All(programs Programs) []Peer {
	caddy := func(name, title string, routes bool, file string) Peer {
		return Peer{
			Name: name, Title: title, Routes: routes, program: programs.Caddy,
			arguments: func(directory string) []string {
				return []string{"run", "--adapter", "caddyfile", "--config", filepath.Join(directory, "Caddyfile")}
			},
			files: map[string]string{"Caddyfile": file},
		}
	}
	return []Peer{
		caddy(Reference, "plain Caddy, no routing", false, "plain.caddyfile"),
		caddy("plugin", "this plugin", true, "plugin.caddyfile"),
		caddy("plugin-http", "this plugin, transport http", true, "plugin-http.caddyfile"),
		caddy("regex", "Caddy, a path_regexp for each pattern", true, "regex.caddyfile"),
		{
			Name: "nginx", Title: "nginx, regex locations", Routes: true, program: programs.Nginx,
			arguments: func(directory string) []string {
				return []string{"-p", directory, "-e", filepath.Join(directory, "nginx.log"), "-c", filepath.Join(directory, "nginx.conf")}
			},
			files: map[string]string{"nginx.conf": "nginx.conf"},
		},
		{
			Name: "haproxy", Title: "HAProxy, a map of regexes", Routes: true, program: programs.HAProxy,
			arguments: func(directory string) []string {
				return []string{"-db", "-f", filepath.Join(directory, "haproxy.cfg")}
			},
			files: map[string]string{"haproxy.cfg": "haproxy.cfg", "haproxy.map": "haproxy.map"},
		},
		caddy("floor", "Caddy answers itself, no proxying", false, "floor.caddyfile"),
	}
}

var versionInOutput = regexp.MustCompile(`\d+\.\d+\.\d+`)

// Versions says what the programs are.
func (p Programs) Versions() (string, error) {
	var versions [3]string
	for i, command := range [][]string{{p.Caddy, "version"}, {p.Nginx, "-v"}, {p.HAProxy, "-v"}} {
		output, err := exec.Command(command[0], command[1:]...).CombinedOutput() //nolint:gosec // whoever runs the benchmark names it
		if err != nil {
			return "", fmt.Errorf("%s: %w", command[0], err)
		}
		versions[i] = versionInOutput.FindString(string(output))
	}
	return fmt.Sprintf("Caddy %s, nginx %s, HAProxy %s", versions[0], versions[1], versions[2]), nil
}

// Configure writes the peer's configuration into a directory of its own.
func (p Peer) Configure(site Site) error {
	for file, template := range p.files {
		text, err := site.render(template)
		if err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
		if err := os.WriteFile(filepath.Join(site.Directory, file), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}
