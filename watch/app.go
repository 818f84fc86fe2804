// Package watch loads Caddy's configuration file anew when files change that
// it was made from.
package watch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/fsnotify/fsnotify"
	"go.uber.org/zap"
)

func init() { caddy.RegisterModule(new(App)) }

// App watches files for all handlers of one loaded configuration, so that a
// change of them means one reload. It needs no configuration and starts with
// the first handler that names a file. A reload ends it, and begins the next
// configuration's.
type App struct {
	files  []Files
	words  []string // of all files
	asked  *asked
	logger *zap.Logger
	cancel context.CancelFunc
}

// AppID is the app's module ID.
const AppID = "synapse_files"

// settle is how long files must be left alone before they are read: an editor,
// or a playbook that writes forty of them, is to finish first.
const settle = time.Second

// CaddyModule returns the Caddy module information.
func (*App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: AppID, New: func() caddy.Module { return new(App) }}
}

// Provision prepares the app.
func (a *App) Provision(ctx caddy.Context) error {
	a.logger, a.asked = ctx.Logger(), openAsked()
	return nil
}

// Cleanup lets go of what was asked for.
func (*App) Cleanup() error {
	closeAsked()
	return nil
}

// Add adds files to what is watched. It must be called before the app starts.
func (a *App) Add(files Files) {
	files.Held = cmp.Or(files.Held, Digest(files.Words))
	a.files, a.words = append(a.files, files), append(a.words, files.Words...)
}

// Start begins to watch. What has changed since the configuration was made is a
// reason to reload too, unless that was tried.
func (a *App) Start() error {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watching Synapse's files: %w", err)
	}
	if err := a.observe(watcher); err != nil {
		return errors.Join(err, watcher.Close())
	}
	ctx, cancel := context.WithCancel(context.Background())
	a.cancel = cancel
	now := digest(a.files)
	go a.watch(ctx, watcher, now, now != held(a.files) && !a.asked.has(change{held(a.files), now}))
	return nil
}

// observe has the watcher observe the directories that there are now, which it may
// do already. Directories are watched, not files: a file that is replaced would be
// lost. So is a directory, unless that above it is watched, if that can be.
func (a *App) observe(watcher *fsnotify.Watcher) error {
	for _, directory := range above(a.words) {
		if err := watcher.Add(directory); err != nil {
			a.logger.Debug("not watching for other directories", zap.String("in", directory), zap.Error(err))
		}
	}
	for _, directory := range directories(a.words) {
		if err := watcher.Add(directory); err != nil {
			return fmt.Errorf("watching %s: %w", directory, err)
		}
	}
	return nil
}

// watch reloads when the files have settled and hold something else than is
// known, or than the configuration was made from if it is late.
func (a *App) watch(ctx context.Context, watcher *fsnotify.Watcher, known string, late bool) {
	defer watcher.Close()
	timer := time.NewTimer(settle)
	if late {
		known = held(a.files)
	} else {
		timer.Stop()
	}
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-watcher.Events:
			if concerns(event.Name, a.words) {
				timer.Reset(settle)
			}
		case err := <-watcher.Errors:
			a.logger.Warn("watching Synapse's files", zap.Error(err))
			timer.Reset(settle) // events were lost
		case <-timer.C:
			if err := a.observe(watcher); err != nil {
				a.logger.Warn("watching Synapse's files", zap.Error(err))
			}
			now := digest(a.files)
			if now == known {
				a.logger.Debug("Synapse's files were written, but hold what they held")
				continue
			}
			known = now
			a.asked.note(change{held(a.files), now})
			a.logger.Info("Synapse's files have changed: reloading the configuration file")
			if err := reload(ctx); err != nil {
				a.logger.Error("reloading the configuration file", zap.Error(err))
			}
		}
	}
}

// Stop ends watching.
func (a *App) Stop() error {
	a.cancel()
	return nil
}

// Interface guards
var (
	_ caddy.App          = (*App)(nil)
	_ caddy.Provisioner  = (*App)(nil)
	_ caddy.CleanerUpper = (*App)(nil)
)
