package endpoint

import (
	_ "embed"
	"fmt"
	"slices"
	"sync"
)

// A Table is a compiled list of Synapse's endpoints.
type Table struct {
	rows []Row
	root node
}

//go:embed table.txt
var newestText string

// Newest returns the table of the newest Synapse.
var Newest = sync.OnceValue(func() *Table { return mustCompile(newestText) })

// Rows returns the rows of the table in its own order.
func (t *Table) Rows() []Row { return slices.Clone(t.rows) }

func mustCompile(text string) *Table {
	table, err := compile(text)
	if err != nil {
		panic("endpoint table: " + err.Error())
	}
	return table
}

// compile parses the text of a table and builds the tree that requests are
// matched with.
func compile(text string) (*Table, error) {
	src, err := parse(text)
	if err != nil {
		return nil, err
	}
	table := &Table{rows: src.rows}
	for i := range table.rows {
		row := &table.rows[i]
		if err := table.add(src, row); err != nil {
			return nil, fmt.Errorf("line %d: %w", row.Line, err)
		}
	}
	return table, nil
}

func (t *Table) add(src *source, row *Row) error {
	templates, err := src.expand(*row)
	if err != nil {
		return err
	}
	for _, template := range templates {
		err := t.root.add(template, route{
			methods:  row.Methods,
			class:    row.Class,
			again:    row.Again,
			when:     template.when,
			key:      template.key,
			template: template.text,
			row:      row,
		})
		if err != nil {
			return err
		}
	}
	return nil
}
