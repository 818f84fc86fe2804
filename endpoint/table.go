package endpoint

import (
	_ "embed"
	"fmt"
	"slices"
	"sync"
)

// A Table is the compiled list of the endpoints of one release of Synapse.
type Table struct {
	version Version
	rows    []Row
	root    node
	heads   [256]*head // by the byte that tells them apart
}

//go:embed table.txt
var tableText string

// releases is the table's text, read once.
var releases = sync.OnceValue(func() *source {
	src, err := parse(tableText)
	if err != nil {
		panic("endpoint table: " + err.Error())
	}
	return src
})

// compiled are the tables that were asked for.
var compiled struct {
	sync.Mutex
	tables map[Version]*Table
}

// At returns the table of a release of Synapse, or of the nearest one that is
// covered. Asked twice, it returns the same table.
func At(v Version) *Table {
	v = v.covered()
	compiled.Lock()
	defer compiled.Unlock()
	if table, ok := compiled.tables[v]; ok {
		return table
	}
	if compiled.tables == nil {
		compiled.tables = make(map[Version]*Table)
	}
	table := mustCompile(releases(), v)
	compiled.tables[v] = table
	return table
}

// Newest returns the table of the newest Synapse.
var Newest = sync.OnceValue(func() *Table { return At(Latest) })

// AllRows returns the rows of all releases. They have no patterns, which
// depend on the release.
func AllRows() []Row { return slices.Clone(releases().rows) }

// Version returns the release that the table is of.
func (t *Table) Version() Version { return t.version }

// Rows returns the rows of the table in its own order.
func (t *Table) Rows() []Row { return slices.Clone(t.rows) }

func mustCompile(src *source, v Version) *Table {
	table, err := compile(src, v)
	if err != nil {
		panic("endpoint table: " + err.Error())
	}
	return table
}

// compile builds the tree that requests are matched with from what is true of
// a release.
func compile(src *source, v Version) (*Table, error) {
	ed, err := src.at(v)
	if err != nil {
		return nil, err
	}
	table := &Table{version: v, rows: ed.rows}
	for i := range table.rows {
		row := &table.rows[i]
		if err := table.add(ed, row); err != nil {
			return nil, fmt.Errorf("line %d: %w", row.Line, err)
		}
	}
	table.addHeads()
	return table, nil
}

func (t *Table) add(ed *edition, row *Row) error {
	templates, err := ed.expand(*row)
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
