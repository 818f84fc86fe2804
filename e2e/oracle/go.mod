module github.com/caddy-matrix/caddy-synapse-workers/e2e/oracle

go 1.26
