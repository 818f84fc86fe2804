package audit

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/homeserver"
	"github.com/caddy-matrix/caddy-synapse-workers/roles"
)

// mediaOff finds proxies that send media to main, where it is switched off.
func (in *inspection) mediaOff() (found []Finding) {
	if in.Main.ServesMedia() {
		return nil
	}
	for i := range in.proxies {
		p := &in.proxies[i]
		if len(p.ofType(endpoint.MediaRepository)) > 0 {
			continue
		}
		write := inSynapse("enable_media_repo: true, in the file of main")
		for _, worker := range in.Workers {
			if l := worker.Listener(homeserver.Media); l != nil {
				write = inCaddyfile("media_repository " + roles.Upstream(worker, l))
			}
		}
		found = append(found, Finding{
			What:  "media goes to main, where enable_media_repo is off",
			Proxy: p.Place, Synapse: in.Main.Settings["enable_media_repo"].Place(),
			Breaks: "uploads and downloads are answered with 404", Write: write,
		})
	}
	return found
}

// mediaTwice finds workers for media beside a main process that serves it too.
func (in *inspection) mediaTwice() (found []Finding) {
	if !in.Main.ServesMedia() {
		return nil
	}
	for i := range in.proxies {
		for _, p := range in.proxies[i].ofType(endpoint.MediaRepository) {
			found = append(found, Finding{
				What:  "media_repository is a worker, but main loads the media repository as well",
				Proxy: p.Place, Synapse: in.Main.Settings["enable_media_repo"].Place(),
				Breaks: "main cleans up and previews beside the worker, and serves media that it may not have",
				Write:  inSynapse("enable_media_repo: false in the file that all processes read, and true in that of the worker"),
			})
		}
	}
	return found
}

// mediaStorage finds several media repositories that do not keep their files in
// one place: what one stores, the other does not find.
func (in *inspection) mediaStorage() (found []Finding) {
	for i := range in.proxies {
		for _, p := range in.proxies[i].ofType(endpoint.MediaRepository) {
			var first *homeserver.Process
			in.targets(p, func(_ Upstream, t target) {
				if first == nil {
					first = t.process
				}
				if f, apart := storedApart(first, t.process); apart {
					f.Proxy, f.Synapse = p.Place, placeOf(t.process.Settings["media_store_path"].Place(), t.process.Place)
					found = append(found, f)
				}
			})
		}
	}
	return found
}

// storedApart tells whether two processes keep media in different places.
func storedApart(a, b *homeserver.Process) (Finding, bool) {
	pathA, pathB := a.Settings["media_store_path"].Text(), b.Settings["media_store_path"].Text()
	provided := len(a.Settings["media_storage_providers"].Items()) > 0 && a.Settings["media_storage_providers"].Equal(b.Settings["media_storage_providers"])
	breaks := "what is uploaded to one of them is not found by the other"
	switch {
	case a == b || provided:
		return Finding{}, false
	case pathA != pathB:
		return Finding{
			What:   fmt.Sprintf("%s and %s serve media, but have different media_store_path", a.Name, b.Name),
			Breaks: breaks, Write: inSynapse(fmt.Sprintf("%s: media_store_path: %s, on storage that both have", b.Name, strconv.Quote(pathA))),
		}, true
	case a.Host != b.Host:
		return Finding{
			Severity: Warning,
			What:     fmt.Sprintf("%s and %s serve media on different hosts", a.Name, b.Name),
			Breaks:   breaks + ", unless the path is on storage that both have", Write: inSynapse("media_storage_providers, or one file system for both"),
		}, true
	}
	return Finding{}, false
}

// quarantine finds media repositories that are asked to quarantine, but do not
// write down what is quarantined: main does unless others are named, and has no
// such endpoints while its media repository is off (1.163.2, config/workers.py
// WriterLocations, storage/databases/main/room.py
// _insert_quarantine_changes_txn, rest/admin/__init__.py). Hardly anybody asks
// as long as no option opens the admin API.
func (in *inspection) quarantine() (found []Finding) {
	writers, place := in.writersOf(stream{kind: endpoint.QuarantinedMedia})
	for i := range in.proxies {
		p := &in.proxies[i]
		if len(p.ofType(endpoint.QuarantinedMedia)) > 0 || in.release(p).Before(streamSince[string(endpoint.QuarantinedMedia)]) {
			continue
		}
		severity := Error
		if _, open := p.Options["admin_api"]; !open {
			severity = Warning
		}
		for _, pool := range p.ofType(endpoint.MediaRepository) {
			if f, broken := in.unableToQuarantine(pool, writers); broken {
				f.Severity, f.Synapse = severity, place
				found = append(found, f)
			}
		}
	}
	return found
}

// unableToQuarantine tells whether processes of a pool are not among the writers
// of what is quarantined.
func (in *inspection) unableToQuarantine(pool *Pool, writers []*homeserver.Process) (f Finding, broken bool) {
	var asked, unable []*homeserver.Process
	in.targets(pool, func(_ Upstream, t target) {
		asked = append(asked, t.process)
		if !slices.Contains(writers, t.process) {
			unable = append(unable, t.process)
		}
	})
	if len(unable) == 0 || len(writers) == 0 {
		return Finding{}, false
	}
	return Finding{
		What:   fmt.Sprintf("requests to quarantine media go to %s, but %s writes quarantined_media_changes", names(unable), names(writers)),
		Proxy:  pool.Place,
		Breaks: "they are answered with 500, and the media is not quarantined",
		Write:  inSynapse(fmt.Sprintf("stream_writers: {quarantined_media_changes: [%s]}", strings.Join(processNames(asked), ", "))),
	}, true
}

// uploadSize finds limits of uploads that differ.
func (in *inspection) uploadSize() (found []Finding) {
	size, place, err := roles.UploadSize(in.Deployment)
	if err != nil || size == 0 {
		return nil // Synapse does not start, or serves no media
	}
	for i := range in.proxies {
		p := &in.proxies[i]
		f := Finding{
			What:  fmt.Sprintf("the proxy takes files of %s, Synapse of %s", roles.SizeWord(p.MaxUploadSize), roles.SizeWord(size)),
			Proxy: p.option("max_upload_size"), Synapse: place,
			Write: inCaddyfile("max_upload_size " + roles.SizeWord(size)),
		}
		switch {
		case p.MaxUploadSize < size:
			f.Breaks = "larger files are refused with 413, though clients are told that they may have that size"
		case p.MaxUploadSize > size:
			f.Severity = Warning
			f.Breaks = "larger files are sent to Synapse in vain, which breaks the connection off"
		default:
			continue
		}
		found = append(found, f)
	}
	return found
}
