module github.com/caddy-matrix/caddy-synapse-workers/bench

go 1.26.0

require github.com/caddy-matrix/caddy-synapse-workers v0.0.0

replace github.com/caddy-matrix/caddy-synapse-workers => ../
