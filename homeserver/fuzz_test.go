package homeserver

import "testing"

// FuzzRead shows that no file makes the reader panic or run away, and that
// what it reads has a place in that file.
func FuzzRead(f *testing.F) {
	f.Fuzz(func(t *testing.T, homeserver, worker []byte) {
		shared, err := parse("homeserver.yaml", homeserver)
		if err != nil {
			return
		}
		own, err := parse("worker.yaml", worker)
		if err != nil {
			return
		}
		d := new(Deployment)
		if err := d.assemble(Settings(nil).with(shared), []Value{own}); err != nil {
			return
		}
		for _, duty := range Duties() {
			d.Performing(duty)
			d.Appointed(duty)
		}
		for _, stream := range d.Streams() {
			d.Writers(stream.Name)
		}
		d.MAS()
		d.SSO()
		d.PresenceOff()
		d.PublicHost()
		for _, p := range d.Processes() {
			_, _, _ = p.MaxUploadSize()
			for _, l := range p.Listeners {
				if l.Place.File != "homeserver.yaml" && l.Place.File != "worker.yaml" || l.Place.Line < 1 {
					t.Errorf("listener %s stands at %s", l, l.Place)
				}
			}
		}
	})
}
