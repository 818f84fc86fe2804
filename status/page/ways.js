// What goes where, and why: classes that go the same way share a row, and ways
// with one reason a group.

import { el, mark, number, write } from './dom.js';
import { body, cell, head, row, table } from './table.js';

const columns = [['way', 'To'], ['classes', 'Which requests'], ['together', 'Kept together by']];

/** Ways keeps a row for each way. */
export class Ways {
	#node;
	#history;
	#shape = '';
	#rates = new Map();
	#stops = [];

	constructor(node, history) {
		this.#node = node;
		this.#history = history;
	}

	/** show draws an answer. */
	show(status) {
		const servers = status.homeservers;
		const shape = JSON.stringify(servers.map((s) => [s.main, s.classes]));
		if (shape !== this.#shape) {
			this.#shape = shape;
			this.#rates.clear();
			this.#stops = [];
			this.#node.replaceChildren(...servers.map((server) => this.#server(server, servers.length > 1)));
		}
		for (const server of servers) this.#update(server);
	}

	/** server makes the table of a homeserver: a group for each reason. */
	#server(server, several) {
		const groups = [...Map.groupBy(server.classes, (c) => c.why)];
		groups.sort(([, [a]], [, [b]]) => (a.pools[0] === 'main') - (b.pools[0] === 'main'));
		return el('div', { class: 'server' },
			several ? el('h3', {}, server.hosts.join(', ') || server.main) : null,
			el('div', { class: 'scroll' }, table('ways', 'What goes where', columns,
				groups.map(([why, classes]) => this.#group(server, why, classes)))));
	}

	/** group makes the rows of the classes that go their ways for one reason. */
	#group(server, why, classes) {
		const ways = Map.groupBy(classes, (c) => [c.pools, c.together].join('\n'));
		return body(
			row({ class: 'why' }, el('th', { scope: 'rowgroup', role: 'rowheader', colspan: columns.length }, why)),
			...[...ways.values()].map((same) => this.#row(server, same)));
	}

	/** row makes the row of a way. */
	#row(server, classes) {
		const [{ pools, together }] = classes;
		const stops = pools.map((pool) => {
			const stop = el('li', { class: pool.includes('@') ? 'fenced' : undefined }, pool);
			this.#stops.push([server.main, pool, stop]);
			return stop;
		});
		return row({},
			head('row', el('ol', { class: 'way' }, ...stops)),
			cell('classes-cell', 'Which requests', el('ul', { class: 'classes' }, ...classes.map((c) => this.#class(server, c)))),
			cell('together', 'Kept together by', together));
	}

	/** class names a class, with a place for its rate. */
	#class(server, { class: name }) {
		const rate = el('span', { class: 'rate' });
		this.#rates.set(`${server.main} ${name}`, rate);
		return el('li', {}, name, rate);
	}

	/** update writes the rates, and strikes out the pools that nobody is in. */
	#update(server) {
		for (const { class: name } of server.classes) {
			const total = server.traffic.filter((t) => t.class === name).reduce((n, t) => n + t.requests, 0);
			const rate = this.#history.rate(`class ${server.main} ${name}`, total);
			write(this.#rates.get(`${server.main} ${name}`), rate ? number(rate) : '');
		}
		const deserted = new Set(server.pools.filter((p) => p.deserted).map((p) => p.pool));
		for (const [main, pool, stop] of this.#stops) {
			if (main !== server.main) continue;
			stop.classList.toggle('deserted', deserted.has(pool));
			if (deserted.has(pool)) mark(stop, 'title', 'every worker of this pool is away');
			else stop.removeAttribute('title');
		}
	}
}
