package homeserver

// Duty is work in the background that Synapse's settings give to certain
// processes (config/workers.py).
type Duty struct {
	// Setting appoints the processes by their names.
	Setting string

	// Several tells whether more than one process may be appointed.
	Several bool

	legacy string // the boolean that took the work from main before
	app    string // the kind of worker that did it then
}

// The duties.
var (
	SendFederation = Duty{"federation_sender_instances", true, "send_federation", "federation_sender"}
	Push           = Duty{"pusher_instances", true, "start_pushers", "pusher"}
	UserDirectory  = Duty{"update_user_directory_from_worker", false, "update_user_directory", "user_dir"}
	Appservices    = Duty{"notify_appservices_from_worker", false, "notify_appservices", "appservice"}
	Background     = Duty{"run_background_tasks_on", false, "", ""}
)

// Duties lists all of them.
func Duties() []Duty {
	return []Duty{SendFederation, Push, UserDirectory, Appservices, Background}
}

// Instance is the name of a process in a setting.
type Instance struct {
	Name  string
	Place Place
}

// instancesOf reads names from a setting.
func instancesOf(v Value) []Instance {
	var instances []Instance
	for _, word := range v.Words() {
		instances = append(instances, Instance{word.Text(), word.Place()})
	}
	return instances
}

// Appointed lists the processes that the shared settings name for a duty.
func (d *Deployment) Appointed(duty Duty) []Instance {
	return instancesOf(d.Main.Settings[duty.Setting])
}

// Performing lists the processes that do the work of a duty, each by its own
// settings, as it decides when it starts.
func (d *Deployment) Performing(duty Duty) []*Process {
	var performing []*Process
	for _, p := range d.Processes() {
		if p.performs(duty) {
			performing = append(performing, p)
		}
	}
	return performing
}

// performs tells whether a process takes a duty for its own.
func (p *Process) performs(duty Duty) bool {
	setting, legacy := p.Settings[duty.Setting], p.Settings[duty.legacy]
	if setting.Given() {
		for _, instance := range instancesOf(setting) {
			if instance.Name == p.instanceName() {
				return true
			}
		}
		return false
	}
	if p.IsMain() {
		return legacy.Bool(true)
	}
	return p.App == duty.app && !legacy.Bool(true)
}

// Streams are the settings of stream_writers whose writers answer requests,
// and events (config/workers.py WriterLocations).
const (
	Events   = "events"
	Presence = "presence"
)

// Writers lists the processes that write a stream, or nothing if that is main
// because no setting says so.
func (d *Deployment) Writers(stream string) []Instance {
	return instancesOf(d.Main.Settings["stream_writers"].Key(stream))
}

// Streams lists the streams that settings name writers for.
func (d *Deployment) Streams() []Field {
	return d.Main.Settings["stream_writers"].Fields()
}
