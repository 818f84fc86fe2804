package audit

import (
	"encoding/json"
	"slices"
	"strings"
)

// logging is what a configuration says of access logs.
type logging struct {
	Logging struct {
		Logs map[string]requestLog `json:"logs"`
	} `json:"logging"`
	Apps struct {
		HTTP struct {
			Servers map[string]struct {
				Logs *serverLogs `json:"logs"`
			} `json:"servers"`
		} `json:"http"`
	} `json:"apps"`
}

// serverLogs are the loggers of a server, in all and by host.
type serverLogs struct {
	Default string              `json:"default_logger_name"`
	Names   map[string][]string `json:"logger_names"`
	Mapped  bool                `json:"skip_unmapped_hosts"`
}

// requestLog is a log that may be of requests.
type requestLog struct {
	Include []string `json:"include"`
	Exclude []string `json:"exclude"`
	Writer  struct {
		Output string `json:"output"`
	} `json:"writer"`
	Encoder *logEncoder `json:"encoder"`
}

// logEncoder is how a log is written down, maybe around another one.
type logEncoder struct {
	Format string          `json:"format"`
	Fields json.RawMessage `json:"fields"`
	Wrap   *logEncoder     `json:"wrap"`
}

// logFilter is what is done to a field of a log.
type logFilter struct {
	Filter  string      `json:"filter"`
	Actions []logAction `json:"actions"`
}

// logAction is what is done to a parameter of a query.
type logAction struct {
	Parameter string `json:"parameter"`
}

// TokenLoggers lists the loggers of a configuration that write down tokens: the
// access tokens in the queries of requests, or those that a single sign-on
// redirects with. The server's own logger is called "".
func TokenLoggers(config []byte) (names []string, err error) {
	var c logging
	if err := json.Unmarshal(config, &c); err != nil {
		return nil, err
	}
	for _, server := range c.Apps.HTTP.Servers {
		if server.Logs == nil {
			continue
		}
		for _, logger := range server.Logs.loggers() {
			if c.showsTokens(logger) {
				names = append(names, logger)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// loggers lists the loggers of a server, which has none for hosts that it skips.
func (s *serverLogs) loggers() []string {
	var loggers []string
	if !s.Mapped {
		loggers = append(loggers, s.Default)
	}
	for _, more := range s.Names {
		loggers = append(loggers, more...)
	}
	return loggers
}

// showsTokens reports whether one of the logs that get the entries of a logger
// shows tokens. Caddy makes the default log if there is none.
func (c *logging) showsTokens(logger string) bool {
	name := strings.TrimSuffix("http.log.access."+logger, ".")
	for _, log := range c.Logging.Logs {
		if log.admits(name) && !log.Encoder.hidesTokens() {
			return true
		}
	}
	_, given := c.Logging.Logs["default"]
	return !given
}

// admits reports whether a log gets the entries of a logger: the longest of the
// namespaces decides that the logger is in (Caddy 2.11.9, logging.go loggerAllowed).
func (l *requestLog) admits(logger string) bool {
	if l.Writer.Output == "discard" || slices.Contains(l.Exclude, "*") {
		return false
	}
	in, out := longest(l.Include, logger), longest(l.Exclude, logger)
	return in > out || len(l.Include) == 0 && out == 0
}

// longest is the length of the longest namespace that a logger is in.
func longest(namespaces []string, logger string) (length int) {
	for _, namespace := range namespaces {
		if strings.HasPrefix(logger+".", namespace+".") {
			length = max(length, len(namespace))
		}
	}
	return length
}

// hidesTokens reports whether tokens are left out.
func (e *logEncoder) hidesTokens() bool {
	switch {
	case e == nil:
		return false
	case e.Format != "filter":
		return e.Wrap.hidesTokens()
	}
	var fields map[string]logFilter
	if json.Unmarshal(e.Fields, &fields) != nil {
		return false
	}
	return fields["request>uri"].hidesToken() && fields["resp_headers>Location"].hides() || e.Wrap.hidesTokens()
}

// hidesToken reports whether the filter of a URI leaves out its access token.
func (f logFilter) hidesToken() bool {
	if f.Filter == "query" {
		return slices.Contains(f.Actions, logAction{"access_token"})
	}
	return f.hides()
}

// hides reports whether the filter leaves out all of a field.
func (f logFilter) hides() bool {
	return slices.Contains([]string{"delete", "replace", "hash"}, f.Filter)
}
