package homeserver

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

// Deployment is all that the files of one homeserver say.
type Deployment struct {
	// Main is the main process.
	Main *Process

	// Workers are all others, in the order of their files.
	Workers []*Process

	// Paths are the files that were read.
	Paths []string
}

// Read reads the files of a homeserver.
func Read(files Files) (*Deployment, error) {
	shared, others, err := files.Paths()
	if err != nil {
		return nil, err
	}
	d := &Deployment{Paths: slices.Concat(shared, others)}
	var settings Settings
	for _, path := range shared {
		file, err := readFile(path)
		if err != nil {
			return nil, err
		}
		settings = settings.with(file)
	}
	var workers []Value
	for _, path := range others {
		file, err := readFile(path)
		switch {
		case err != nil:
			return nil, err
		case isWorker(file):
			workers = append(workers, file)
		default:
			settings = settings.with(file)
		}
	}
	return d, d.assemble(settings, workers)
}

// isWorker tells whether a file describes a worker.
func isWorker(file Value) bool {
	return file.Key("worker_name").Given() ||
		file.Key("worker_app").Given() && file.Key("worker_app").Text() != appPrefix+"homeserver"
}

// assemble makes the processes.
func (d *Deployment) assemble(settings Settings, workers []Value) (err error) {
	if settings["server_name"].Text() == "" {
		return errors.New("missing server_name: none of the files is a homeserver.yaml of Synapse")
	}
	if d.Main, err = newMain(settings); err != nil {
		return err
	}
	for _, file := range workers {
		worker, err := newWorker(settings.with(file))
		if err != nil {
			return err
		}
		d.Workers = append(d.Workers, worker)
	}
	instances := settings["instance_map"]
	if instances.Given() && !instances.isMap() {
		return fmt.Errorf("%s: instance_map is expected to be a map", instances.Place())
	}
	for _, p := range d.Processes() {
		p.Host = instances.Key(p.Name).Key("host").Text()
	}
	return nil
}

// Processes lists all processes, main first.
func (d *Deployment) Processes() []*Process {
	return append([]*Process{d.Main}, d.Workers...)
}

// Instance finds the process that a setting means by a name, or nil.
func (d *Deployment) Instance(name string) *Process {
	for _, p := range d.Processes() {
		if p.instanceName() == name {
			return p
		}
	}
	return nil
}

// Written is when a file was last changed, or zero.
func (d *Deployment) Written(file string) time.Time {
	info, err := os.Stat(file)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}
