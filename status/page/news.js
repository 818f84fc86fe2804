// What has changed since somebody looks.

import { clock, el } from './dom.js';

const kept = 100;

/** News lists changes of state, the newest first. */
export class News {
	#list;
	#states;

	constructor(list) { this.#list = list; }

	/** show finds the workers whose state has changed. */
	show(status) {
		const states = new Map();
		for (const server of status.homeservers) {
			for (const pool of server.pools) {
				for (const worker of pool.workers) {
					states.set(`${server.main} ${pool.pool} ${worker.worker}`, [pool.pool, worker.worker, worker.state]);
				}
			}
		}
		for (const [key, [pool, worker, state]] of this.#states ? states : []) {
			const before = this.#states.get(key)?.[2];
			if (before === undefined) this.add(`${worker} of ${pool} is new`);
			else if (before !== state) this.add(`${worker} of ${pool} is ${state}, was ${before}`);
		}
		this.#states = states;
	}

	/** add says what happened just now. */
	add(text) {
		if (!this.#list.querySelector('time')) this.#list.replaceChildren();
		const now = new Date();
		this.#list.prepend(el('li', {}, el('time', { datetime: now.toISOString() }, clock(now)), text));
		while (this.#list.children.length > kept) this.#list.lastChild.remove();
	}
}
