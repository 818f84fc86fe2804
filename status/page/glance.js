// How it is at a glance: who serves what, one sentence, what to look after, and
// some figures.

import { Chart } from './chart.js';
import { count, duration, el, number, write } from './dom.js';
import { shape } from './state.js';

/** Glance is the top of the page. */
export class Glance {
	#history;
	#figures = new Map();
	#said = '';
	#warned = '';

	constructor(history) { this.#history = history; }

	/** show draws an answer. */
	show(status) {
		const servers = status.homeservers;
		write(document.getElementById('about'), servers.map(about).join(' · ') || 'The running configuration has no synapse_workers.');
		this.#judge(servers);
		this.#warn(servers.flatMap((server) => server.warnings));
		if (servers.length) this.#measure(servers);
	}

	/** judge says in a sentence how the workers fare. */
	#judge(servers) {
		const workers = servers.flatMap((server) => server.pools.flatMap((pool) => pool.workers));
		const away = workers.filter((worker) => !['up', 'warming'].includes(worker.state));
		const said = away.length
			? `${number(away.length)} of ${count(workers.length, 'worker')} ${away.length === 1 ? 'is' : 'are'} away: ${list(away)}`
			: workers.length ? `All ${count(workers.length, 'worker')} are up` : 'There are no workers';
		if (said === this.#said) return;
		this.#said = said;
		document.getElementById('verdict').replaceChildren(shape(worst(away)), said);
		document.title = away.length ? `▼ ${away.length} away – Synapse workers` : 'Synapse workers';
	}

	/** warn lists what somebody should look after. */
	#warn(warnings) {
		if (warnings.join() === this.#warned) return;
		this.#warned = warnings.join();
		const node = document.getElementById('warnings');
		node.hidden = !warnings.length;
		node.replaceChildren(...warnings.map((text) => el('li', {}, text)));
	}

	/** measure draws the figures of all homeservers together. */
	#measure(servers) {
		const history = this.#history;
		const traffic = servers.flatMap((server) => server.traffic);
		const sum = (of, from = traffic) => from.reduce((total, t) => total + of(t), 0);
		const rate = history.rate('requests', sum((t) => t.requests));
		const failing = history.rate('errors', sum((t) => t.errors));
		const short = traffic.filter((t) => !t.long_poll);
		const [half, most] = latency(history, 'latency', short);
		const workers = servers.flatMap((server) => server.pools.flatMap((pool) => pool.workers));
		const chosen = (how) => sum((w) => w.chosen[how] ?? 0, workers);
		const all = sum((w) => Object.values(w.chosen).reduce((a, b) => a + b, 0), workers);
		const astray = history.rate('astray', all - chosen('best'));
		const fallen = sum((s) => s.fallen.in_flight, servers);
		const limits = servers.map((s) => s.fallen.limit);

		this.#figure('Requests', number(rate), 'a second', failing ? `${number(failing)} a second fail` : 'none fails', rate);
		this.#figure('Time to answer', duration(half), '', most === undefined ? 'nothing was asked lately' : `95 % within ${duration(most)}`, half === undefined ? undefined : half * 1000, (ms) => duration(ms / 1000));
		const flying = sum((w) => w.requests, workers);
		this.#figure('In flight', number(flying), flying === 1 ? 'request' : 'requests', 'without long polls', flying);
		const polls = sum((w) => w.long_polls, workers);
		this.#figure('Waiting', number(polls), polls === 1 ? 'long poll' : 'long polls', 'for news', polls);
		this.#figure('Not at their first choice', number(astray), 'a second', why(history, chosen), astray);
		this.#figure('Fallen to main', number(fallen), limits.some((l) => l < 0) ? 'in flight' : `of ${number(limits.reduce((a, b) => a + b, 0))}`, 'since all of their pool is down', fallen);
		this.#identity(servers.map((s) => s.identity).filter(Boolean), history.rate('look-ups', sum((s) => Object.values(s.look_ups.ended).reduce((a, b) => a + b, 0), servers)));
		const moved = servers.flatMap((s) => s.pools).reduce((n, p) => [n[0] + p.moved, n[1] + p.keys], [0, 0]);
		const churn = moved[1] ? 100 * moved[0] / moved[1] : 0;
		this.#figure('Moved to another worker', number(churn), '%', 'of users and rooms, in 5 minutes', churn, (v) => `${number(v)} %`);
	}

	/** identity tells how many tokens are known. */
	#identity(known, rate) {
		const tokens = known.reduce((n, i) => n + i.tokens, 0);
		const capacity = known.reduce((n, i) => n + i.capacity, 0);
		this.#figure('Tokens looked up', number(tokens), capacity ? `known, of ${number(capacity)}` : '', capacity ? `${number(rate)} a second` : 'Synapse is not asked', tokens);
	}

	/** figure draws one figure. */
	#figure(name, value, unit, note, drawn, written = number) {
		let figure = this.#figures.get(name);
		if (!figure) {
			figure = { value: el('span'), unit: el('span', { class: 'unit' }), note: el('dd', { class: 'note' }), chart: new Chart(name) };
			this.#figures.set(name, figure);
			document.getElementById('figures').append(el('div', {},
				el('dt', {}, name), el('dd', { class: 'value' }, figure.value, figure.unit), figure.note,
				el('dd', {}, figure.chart.node)));
		}
		write(figure.value, value);
		write(figure.unit, unit);
		write(figure.note, note);
		figure.chart.draw(this.#history.keep(`figure ${name}`, drawn), written);
	}
}

/** worst is the gravest state of some workers. */
function worst(away) {
	return ['down', 'paused', 'drained'].find((state) => away.some((worker) => worker.state === state)) ?? 'up';
}

/** about names a homeserver. */
function about(server) {
	return `${server.hosts.join(', ') || 'all hosts'} · main ${server.main} · endpoints of Synapse ${server.synapse_version}`;
}

/** list names some workers with their states. */
function list(workers) {
	const named = workers.slice(0, 4).map((worker) => `${worker.worker} is ${worker.state}`);
	if (workers.length > named.length) named.push(`${workers.length - named.length} more`);
	return named.join(', ');
}

/** why says what keeps requests from their first choice, the commonest first. */
function why(history, chosen) {
	const reasons = { overflow: 'it is busy', failover: 'it is down', drained: 'it is drained', warming: 'it is just back' };
	const rates = Object.keys(reasons).map((how) => [history.rate(`how ${how}`, chosen(how)), how]);
	const [most, how] = rates.sort(([a = 0], [b = 0]) => b - a)[0];
	return most ? `mostly since ${reasons[how]}` : 'all are';
}

/** latency returns how long half and 95 % of some requests took lately. */
export function latency(history, key, traffic) {
	if (!traffic.length) return [];
	const counts = traffic[0].seconds.counts.map((_, i) => traffic.reduce((n, t) => n + t.seconds.counts[i], 0));
	return history.quantiles(key, traffic[0].seconds.bounds, counts, [0.5, 0.95]);
}
