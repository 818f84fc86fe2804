package homeserver

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// MainName is what the main process is called here and in instance_map. In all
// other settings Synapse calls it [MasterName].
const (
	MainName   = "main"
	MasterName = "master"
)

// appPrefix begins the values of worker_app.
const appPrefix = "synapse.app."

// Process is one process of Synapse.
type Process struct {
	// Name is the worker's name, or MainName.
	Name string

	// App is the kind of worker, without "synapse.app.": generic_worker, or one
	// of the historical kinds, which Synapse runs as such. Empty for main.
	App string

	// Place is where the process is named.
	Place Place

	// Listeners are those that speak HTTP.
	Listeners []*Listener

	// Host is where other processes reach this one, as instance_map says. Empty
	// if it does not.
	Host string

	// Started is when the process was started, by the age of its pid_file. Zero
	// if there is none.
	Started time.Time

	// Settings are all that the process reads.
	Settings Settings
}

// IsMain tells whether this is the main process.
func (p *Process) IsMain() bool { return p.App == "" }

// ServesMedia tells whether the process may load the media repository
// (config/repository.py).
func (p *Process) ServesMedia() bool {
	return !p.Settings["enable_media_repo"].Off() || p.App == "media_repository"
}

// Serves tells whether a listener of the process has a resource.
func (p *Process) Serves(resource string) bool { return p.Listener(resource) != nil }

// Listener returns the first listener that has all of the resources, or nil.
func (p *Process) Listener(resources ...string) *Listener {
	for _, l := range p.Listeners {
		all := true
		for _, resource := range resources {
			all = all && l.Has(resource)
		}
		if all {
			return l
		}
	}
	return nil
}

// instanceName is what other settings call the process.
func (p *Process) instanceName() string {
	if p.IsMain() {
		return MasterName
	}
	return p.Name
}

// newMain makes the main process of the shared settings.
func newMain(settings Settings) (*Process, error) {
	p := &Process{Name: MainName, Place: settings["server_name"].Place(), Settings: settings}
	return p, p.complete("listeners", "pid_file")
}

// newWorker makes a worker of its own settings over the shared ones.
func newWorker(settings Settings) (*Process, error) {
	app, named := settings["worker_app"], settings["worker_name"]
	p := &Process{
		Name: named.Text(), App: strings.TrimPrefix(app.Text(), appPrefix),
		Place: named.Place(), Settings: settings,
	}
	if p.App == "" {
		return nil, fmt.Errorf("%s: a worker has no worker_app: expected worker_app: synapse.app.generic_worker", named.Place())
	}
	if p.Name == "" { // then Synapse takes the app for the name (config/workers.py)
		p.Name, p.Place = app.Text(), app.Place()
	}
	return p, p.complete("worker_listeners", "worker_pid_file")
}

// complete reads the listeners and the age of the process.
func (p *Process) complete(listeners, pidFile string) error {
	list := p.Settings[listeners]
	if list.Given() && !list.isList() {
		return fmt.Errorf("%s: %s is expected to be a list", list.Place(), listeners)
	}
	for _, item := range list.Items() {
		l, err := parseListener(item)
		if err != nil {
			return err
		}
		if l != nil && (!l.TLS || !p.Settings["no_tls"].Bool(false)) {
			p.Listeners = append(p.Listeners, l)
		}
	}
	if p.IsMain() {
		p.bindPort()
	}
	for _, l := range p.Listeners {
		l.complete(p.IsMain(), p.ServesMedia())
	}
	if info, err := os.Stat(p.Settings[pidFile].Text()); err == nil {
		p.Started = info.ModTime()
	}
	return nil
}

// bindPort reads the listeners of a configuration that is older than the
// setting listeners, which Synapse still understands (config/server.py).
func (p *Process) bindPort() {
	bind := p.Settings["bind_port"]
	port, ok := bind.Int()
	if !ok || port == 0 {
		return
	}
	unsecure := port - 400
	if given := p.Settings["unsecure_port"]; given.Given() {
		unsecure, _ = given.Int()
	}
	p.Listeners = nil
	for _, l := range []Listener{{Port: unsecure}, {Port: port, TLS: true}} {
		if l.Port > 0 {
			l.Place, l.Resources = bind.Place(), []string{Client, Federation}
			p.Listeners = append(p.Listeners, &l)
		}
	}
}
