// Pools and their workers.

import { Chart } from './chart.js';
import { duration, el, number, write } from './dom.js';
import { badge, since } from './state.js';
import { body, cell, head, row, table } from './table.js';

const columns = [
	['name', 'Worker'],
	['state', 'State'],
	['number', 'In flight', 'Requests in flight, without long polls'],
	['number', 'Polls', 'Long polls in flight: requests that wait for news'],
	['number', 'A second', 'Requests a second'],
	['number', 'Time', 'How long requests took lately, on average, without long polls'],
	['chart', 'Lately'],
	['act', 'Action'],
];

/** Pools keeps a row for each pool and worker. */
export class Pools {
	#node;
	#history;
	#order;
	#shape = '';
	#rows = new Map();

	constructor(node, history, order) {
		this.#node = node;
		this.#history = history;
		this.#order = order;
	}

	/** show draws an answer. The rows stay as long as the workers are the same. */
	show(status) {
		const servers = status.homeservers;
		const shape = JSON.stringify(servers.map((s) => [s.main, s.pools.map((p) => [p.pool, p.workers.map((w) => [w.worker, w.drainable])])]));
		if (shape !== this.#shape) {
			this.#shape = shape;
			this.#rows.clear();
			this.#node.replaceChildren(...servers.map((server) => this.#server(server, servers.length > 1)));
		}
		for (const server of servers) {
			for (const pool of server.pools) this.#pool(server, pool);
		}
	}

	/** server makes the table of a homeserver. */
	#server(server, several) {
		return el('div', { class: 'server' },
			several ? el('h3', {}, server.hosts.join(', ') || server.main) : null,
			el('div', { class: 'scroll' }, table('pools', 'Pools and their workers', columns,
				server.pools.map((pool) => body(...this.#group(server, pool))))));
	}

	/** group makes the rows of a pool: one for a single worker, else one more. */
	#group(server, pool) {
		const workers = pool.workers.map((worker) => this.#row(server, pool, worker, pool.workers.length === 1));
		return pool.workers.length === 1 ? workers : [this.#row(server, pool), ...workers];
	}

	/** row makes the row of a worker, or of a pool as a whole. */
	#row(server, pool, worker, alone = false) {
		const parts = { note: el('span', { class: 'note' }), state: el('span'), since: el('span', { class: 'since' }), flying: el('span'), polls: el('span'), rate: el('span'), time: el('span') };
		const name = worker ? `${worker.worker} of ${pool.pool}` : pool.pool;
		parts.chart = new Chart(`Requests a second, ${name}`);
		parts.act = el('button', { type: 'button', class: 'small' }, 'Drain');
		parts.act.addEventListener('click', () => this.#act(parts, server, pool, worker));
		this.#rows.set(key(server, pool, worker), parts);
		if (alone) this.#rows.set(key(server, pool), {});
		const title = !worker || alone ? [pool.pool, types(pool)] : [worker.worker];
		const below = worker ? [alone ? worker.worker : '', worker.address].filter((word) => word !== (alone ? pool.pool : worker.worker)) : [];
		return row({ class: worker ? (alone ? 'pool worker' : 'worker') : 'pool' },
			head(worker && !alone ? 'row' : 'rowgroup', ...title, parts.note, el('span', { class: 'address' }, [...new Set(below)].join(' '))),
			cell(worker ? 'state-cell' : 'state-cell none', 'State', parts.state, parts.since),
			cell('number', 'In flight', parts.flying),
			cell('number', 'Polls', parts.polls),
			cell('number', 'A second', parts.rate),
			cell('number', 'Time', parts.time),
			cell('chart-cell', 'Lately', parts.chart.node),
			worker?.drainable ? cell('act', 'Action', parts.act) : cell('act none', 'Action'));
	}

	/** pool brings the rows of a pool up to date. */
	#pool(server, pool) {
		const traffic = server.traffic.filter((t) => t.pool === pool.pool);
		const total = (of) => traffic.reduce((n, t) => n + of(t), 0);
		const rate = this.#history.rate(`rate ${key(server, pool)}`, tells(pool) ? pool.workers.reduce((n, w) => n + sent(w.chosen), 0) : total((t) => t.requests));
		const short = traffic.filter((t) => !t.long_poll);
		const took = this.#history.mean(`time ${key(server, pool)}`,
			short.reduce((n, t) => n + t.seconds.sum, 0), short.reduce((n, t) => n + t.requests, 0));
		const trace = this.#history.keep(`trace ${key(server, pool)}`, rate);
		const alone = pool.workers.length === 1;
		for (const worker of pool.workers) {
			const parts = this.#rows.get(key(server, pool, worker));
			const own = this.#history.rate(`rate ${key(server, pool, worker)}`, sent(worker.chosen));
			const values = this.#history.keep(`trace ${key(server, pool, worker)}`, own);
			state(parts, worker);
			figures(parts, worker.requests, worker.long_polls, alone ? rate : own);
			write(parts.time, duration(alone ? took : this.#history.mean(`time ${key(server, pool, worker)}`, worker.short.seconds, worker.short.requests)));
			parts.chart.draw(alone ? trace : values, number, alone ? 0 : Math.max(...trace, 0) / pool.workers.length);
		}
		if (alone) return;
		const parts = this.#rows.get(key(server, pool));
		const sum = (of) => pool.workers.reduce((n, w) => n + of(w), 0);
		figures(parts, sum((w) => w.requests), sum((w) => w.long_polls), rate);
		write(parts.time, duration(took));
		write(parts.note, note(pool));
		parts.chart.draw(trace);
	}

	/** act drains a worker, or puts it back. */
	async #act(parts, server, pool, worker) {
		parts.act.disabled = true;
		await this.#order(parts.drained ? 'undrain' : 'drain', { worker: worker.worker, pool: pool.pool, main: server.main });
		parts.act.disabled = false;
		parts.act.focus();
	}
}

/** key names a pool, or a worker of it. */
function key(server, pool, worker) {
	return [server.main, pool.pool, worker?.worker ?? ''].join('\n');
}

/** types names the other types of a pool's workers: the first is its name. */
function types(pool) {
	const more = pool.types.slice(1);
	if (!pool.routed) more.push('gets no requests');
	return el('span', { class: 'types' }, more.length ? ` ${more.join(', ')}` : '');
}

/** note says what is odd about a pool as a whole. */
function note(pool) {
	if (!pool.workers.length) return 'its workers are found when they are asked';
	return pool.health_ignored ? 'health checks are not believed' : '';
}

/** state shows the state of a worker, and what the button does next. */
function state(parts, worker) {
	write(parts.since, since(worker));
	if (parts.shown !== worker.state) {
		parts.shown = worker.state;
		parts.state.replaceChildren(badge(worker.state));
	}
	parts.drained = Boolean(worker.drained_by?.includes('admin'));
	const what = parts.drained ? 'Undrain' : 'Drain';
	write(parts.act, what);
	if (parts.what !== what) {
		parts.what = what;
		parts.act.setAttribute('aria-label', `${what} ${worker.worker}`);
	}
}

/** figures writes the numbers of a row. */
function figures(parts, requests, polls, rate) {
	write(parts.flying, number(requests));
	write(parts.polls, number(polls));
	write(parts.rate, number(rate));
}

/** tells reports whether the pool's policy tells how often each worker was chosen. */
function tells(pool) {
	return pool.workers.some((worker) => Object.keys(worker.chosen).length);
}

/** sent adds up all the ways in which a worker was chosen. */
function sent(chosen) {
	return Object.values(chosen).reduce((a, b) => a + b, 0);
}
