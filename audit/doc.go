// Package audit holds a configuration of the proxy against Synapse's own files
// and finds contradictions before users do. It is pure: nothing is started or
// asked.
package audit
