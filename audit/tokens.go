package audit

import (
	"encoding/json"
	"slices"
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
}

// requestLog is a log that may be of requests.
type requestLog struct {
	Include []string    `json:"include"`
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
		loggers := []string{server.Logs.Default}
		for _, more := range server.Logs.Names {
			loggers = append(loggers, more...)
		}
		for _, logger := range loggers {
			if !c.logOf(logger).Encoder.hidesTokens() {
				names = append(names, logger)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// logOf returns the log that gets the entries of a logger.
func (c *logging) logOf(logger string) requestLog {
	for _, log := range c.Logging.Logs {
		if slices.Contains(log.Include, "http.log.access."+logger) {
			return log
		}
	}
	return c.Logging.Logs["default"]
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
