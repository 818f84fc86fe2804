// Parts of tables that stay tables for a screen reader when a narrow screen shows
// them as lists.

import { el } from './dom.js';

/** row makes a row of cells. */
export function row(attributes, ...cells) {
	return el('tr', { role: 'row', ...attributes }, ...cells);
}

/** head makes the heading of a row, or of a group of rows. */
export function head(scope, ...children) {
	return el('th', { scope, role: 'rowheader' }, ...children);
}

/** cell makes a cell of a column that is called so. */
export function cell(kind, label, ...children) {
	return el('td', { role: 'cell', class: kind, 'data-label': label }, ...children);
}

/** table makes a table from its columns, [class, heading] each, and bodies. */
export function table(name, caption, columns, bodies) {
	return el('table', { role: 'table', class: name },
		el('caption', { class: 'unseen' }, caption),
		el('colgroup', {}, ...columns.map(([kind]) => el('col', { class: `for-${kind}` }))),
		el('thead', { role: 'rowgroup' }, row({}, ...columns.map(([kind, heading, hint]) => el('th', {
			scope: 'col', role: 'columnheader', class: `of-${kind}`, title: hint,
		}, kind === 'act' ? el('span', { class: 'unseen' }, heading) : heading)))),
		...bodies);
}

/** body makes a group of rows. */
export function body(...rows) {
	return el('tbody', { role: 'rowgroup' }, ...rows);
}
