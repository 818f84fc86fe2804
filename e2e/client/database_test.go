package client

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// database is that of a homeserver, on the PostgreSQL of the run.
type database struct {
	sockets, name string
}

func newDatabase(work, name string) database {
	return database{filepath.Join(work, "postgres"), name}
}

// query returns the rows of an answer. The statement names its values :'1', :'2' and so on.
func (d database) query(t *testing.T, statement string, values ...string) (rows [][]string) {
	t.Helper()
	psql := exec.CommandContext(t.Context(), "psql", "--quiet", "--no-psqlrc", "--no-align", "--tuples-only",
		"--field-separator=\t", "--set=ON_ERROR_STOP=1", "--host="+d.sockets, "--username=synapse", "--dbname="+d.name)
	for i, value := range values {
		psql.Args = append(psql.Args, fmt.Sprintf("--set=%d=%s", i+1, value))
	}
	psql.Stdin = strings.NewReader(statement)
	output, err := psql.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", statement, err, output)
	}
	for line := range strings.Lines(string(output)) {
		rows = append(rows, strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
	}
	return rows
}
