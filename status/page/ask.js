// The form that asks where a request would go.

import { el } from './dom.js';
import { badge } from './state.js';

const servers = {
	proxy: 'a process of Synapse',
	local: 'the proxy itself',
	next: 'the next handler of the site',
	denied: 'nobody: the request is refused',
};

/** Ask answers the form. */
export class Ask {
	#form;
	#answer;
	#status = { homeservers: [] };

	constructor(form, answer) {
		this.#form = form;
		this.#answer = answer;
		form.addEventListener('submit', (event) => {
			event.preventDefault();
			this.#ask();
		});
	}

	/** show remembers how the workers fare, for the answers. */
	show(status) { this.#status = status; }

	/** ask sends the question, and shows the answer. */
	async #ask() {
		try {
			const response = await fetch('explain', {
				method: 'POST',
				headers: { 'Content-Type': 'application/json' },
				body: JSON.stringify(this.#question()),
			});
			const answer = await response.json();
			this.#answer.replaceChildren(response.ok ? this.#explanation(answer) : el('p', {}, answer.error));
		} catch (error) {
			this.#answer.replaceChildren(el('p', {}, `Caddy does not answer (${error.message})`));
		}
	}

	/** question is what the form asks. */
	#question() {
		const given = new FormData(this.#form);
		const headers = {};
		if (given.get('authorization')) headers.Authorization = given.get('authorization').trim();
		if (given.get('host')) headers.Host = given.get('host').trim();
		return { method: given.get('method'), uri: given.get('uri').trim(), headers, remote_ip: given.get('remote_ip').trim() };
	}

	/** explanation draws an answer. */
	#explanation(x) {
		const lines = [];
		const line = (name, ...value) => lines.push(el('dt', {}, name), el('dd', {}, ...value));
		if (x.template) line('Endpoint', el('code', {}, `${x.method} ${x.template}`));
		if (x.source) line('In Synapse', x.source);
		if (x.class) line('Class', x.class, x.hard ? ', where a process that is not the writer answers with an error' : '');
		line('Served by', servers[x.served_by]);
		if (x.pools.length) line('Way', el('ol', { class: 'way' }, ...x.pools.map((pool) => el('li', {}, pool))));
		if (x.skipped) line('Left out', ...x.skipped.map((skip) => el('div', {}, `${skip.pool}: ${skip.why}`)));
		if (x.served_by === 'proxy') line('Kept together by', x.key === 'none' ? 'nothing: the less busy of two workers' : `${x.key.replace('_', ' ')} ${x.key_digest}`);
		if (x.workers.length) line('Workers', el('ol', { class: 'ranking' }, ...x.workers.map((worker) => this.#ranked(x.pools[0], worker))));
		if (x.look_up) line('Look-up', 'Synapse is asked whose token it is. Until it has answered, key and workers are these.');
		return el('dl', { class: 'answer' }, ...lines);
	}

	/** ranked names a worker, with how it fares. */
	#ranked(pool, name) {
		const worker = this.#status.homeservers.flatMap((server) => server.pools)
			.filter((p) => p.pool === pool).flatMap((p) => p.workers).find((w) => w.worker === name);
		return el('li', {}, name, ' ', worker ? badge(worker.state) : '');
	}
}
