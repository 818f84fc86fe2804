package audit

import "fmt"

// requestID finds proxies that send the id of a request where Synapse does not
// look for it.
func (in *inspection) requestID() (found []Finding) {
	for i := range in.proxies {
		p := &in.proxies[i]
		if p.RequestID == "" {
			continue
		}
		in.targets(p.main(), func(_ Upstream, t target) {
			if t.listener.RequestID != p.RequestID {
				found = append(found, Finding{
					What:  fmt.Sprintf("the proxy sends the id of a request as %s, but main does not read it there", p.RequestID),
					Proxy: p.option("request_id_header"), Synapse: t.listener.Place,
					Breaks: "a request has another id in Synapse's log",
					Write:  inSynapse("request_id_header: " + p.RequestID + ", in all listeners"),
				})
			}
		})
	}
	return found
}

// tokenLog finds proxies that write down access tokens.
func (in *inspection) tokenLog() (found []Finding) {
	for i := range in.proxies {
		if p := &in.proxies[i]; p.LogsTokens {
			found = append(found, Finding{
				What:   "an access log shows the query of requests or Location of answers, where tokens may stand",
				Proxy:  p.Place,
				Breaks: "whoever reads the log can act as the users in it",
				Write:  inCaddyfile("format filter { request>uri query { replace access_token REDACTED }; resp_headers>Location delete }, in the global option log and in each log with options of its own"),
			})
		}
	}
	return found
}
