package synapseworkers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/pool"
)

// Asking Synapse for its version is of no hurry, and it may start after the
// proxy.
const (
	versionPath   = "/_matrix/federation/v1/version"
	askTimeout    = 10 * time.Second
	askAgainAfter = 15 * time.Second
	askTries      = 20
	shownChanges  = 20
)

// compareRelease asks the main process for its version, in the background, and
// warns once if the table in use does not fit it.
func (h *Handler) compareRelease(ctx context.Context, logger *zap.Logger) {
	table, err := endpoint.ParseRelease(h.SynapseVersion)
	if err != nil || !h.set.First("release "+table.String()) {
		return
	}
	for range askTries {
		running, err := h.askRelease(ctx)
		if err == nil {
			if n := warnOfRelease(logger, table, running); n > 0 {
				h.set.Note(fmt.Sprintf("Synapse %s runs, but requests are routed for %s, where %d endpoints differ: set synapse_version to the release that runs.", running, table, n))
			}
			return
		}
		logger.Debug("asking Synapse for its version", zap.Error(err))
		timer := time.NewTimer(askAgainAfter)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// askRelease asks the main process for its version.
func (h *Handler) askRelease(ctx context.Context) (endpoint.Version, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	reply, err := h.set.Ask(ctx, pool.Question{Path: versionPath})
	if err != nil {
		return endpoint.Version{}, err
	}
	if reply.Status != http.StatusOK {
		return endpoint.Version{}, fmt.Errorf("%s was answered with status %d", versionPath, reply.Status)
	}
	var answer struct {
		Server struct{ Name, Version string }
	}
	if err := json.Unmarshal(reply.Body, &answer); err != nil {
		return endpoint.Version{}, err
	}
	if answer.Server.Name != "Synapse" {
		return endpoint.Version{}, errors.New("the main process does not say that it is Synapse")
	}
	version, _, _ := strings.Cut(answer.Server.Version, " ") // a build from git adds its commit
	return endpoint.ParseVersion(version)
}

// warnOfRelease warns if the endpoints of two releases differ, and tells how. It
// returns how many do.
func warnOfRelease(logger *zap.Logger, table, running endpoint.Version) int {
	changes := endpoint.Diff(table, running)
	if len(changes) == 0 {
		return 0
	}
	shown := make([]string, 0, shownChanges)
	for _, c := range changes[:min(len(changes), shownChanges)] {
		shown = append(shown, describe(c))
	}
	logger.Warn("the running Synapse is not of the release that requests are routed for: set synapse_version to the one that runs",
		zap.Stringer("routed_for", table),
		zap.Stringer("running", running),
		zap.Int("endpoints_that_differ", len(changes)),
		zap.Strings("among_them", shown))
	return len(changes)
}

// describe says in a line what a change is about.
func describe(c endpoint.Change) string {
	row := c.To
	if row == nil {
		row = c.From
	}
	text := fmt.Sprintf("%s: %s %s", c.Kind(), c.Methods, row.Pattern)
	if c.From != nil && c.To != nil && c.From.Class != c.To.Class {
		text += fmt.Sprintf(" (%s, now %s)", c.From.Class, c.To.Class)
	}
	return text
}
