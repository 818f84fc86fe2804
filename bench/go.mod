module github.com/caddy-matrix/caddy-synapse-workers/bench

go 1.26
