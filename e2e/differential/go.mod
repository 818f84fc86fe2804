module github.com/caddy-matrix/caddy-synapse-workers/e2e/differential

go 1.26
