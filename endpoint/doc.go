// Package endpoint knows what a Matrix request is: which family of Synapse
// endpoints its method and URI belong to, which kinds of worker may serve that
// family, and which part of the request keeps it on one of them.
//
// The knowledge itself is data. table.txt lists the endpoints of Synapse, one
// row each, for people to read and correct; [Class] says how a family is
// routed. [Table.Classify] applies both to a request without allocating.
//
// The package works on the raw, percent-encoded bytes of a request, because
// that is what Synapse matches: case-sensitively, without cleaning, HEAD as
// GET. It knows nothing of HTTP servers or proxies.
package endpoint
