// What was seen so far: the last minutes of each figure, and rates, which follow
// from two looks at a count that only grows.

import { length } from './chart.js';

/** Over how many looks a latency is taken, so that it stands still to be read. */
const window = 15;

/** History remembers figures by their keys. */
export class History {
	#series = new Map();
	#counts = new Map();
	#buckets = new Map();
	#sums = new Map();
	#elapsed = 0;
	#last = 0;

	/** look begins a look at a time, in milliseconds. */
	look(time) {
		this.#elapsed = this.#last ? Math.max(time - this.#last, 1) / 1000 : 0;
		this.#last = time;
	}

	/** keep remembers the value of a figure, if it has one, and returns those so far. */
	keep(key, value) {
		const values = this.#series.get(key) ?? [];
		this.#series.set(key, values);
		if (value !== undefined) values.push(value);
		if (values.length > length) values.shift();
		return values;
	}

	/** rate returns by how much a count has grown a second; undefined at the first
	 * look, and when the count began anew. */
	rate(key, total) {
		const before = this.#counts.get(key);
		this.#counts.set(key, total);
		if (before === undefined || !this.#elapsed || total < before) return undefined;
		return (total - before) / this.#elapsed;
	}

	/** mean returns how long those took on average that have ended lately, from the
	 * sum of all times and the number of all; undefined if there were none. */
	mean(key, sum, n) {
		const [[first, before]] = lately(this.#sums, key, [sum, n]);
		return n > before ? (sum - first) / (n - before) : undefined;
	}

	/** quantiles returns how long requests took that have ended lately: for each
	 * share the time that so many took at most, or undefined if there were none. */
	quantiles(key, bounds, counts, shares) {
		const [before] = lately(this.#buckets, key, counts);
		const grown = counts.map((n, i) => Math.max(n - before[i], 0));
		return shares.map((share) => quantile(bounds, grown, share));
	}
}

/** lately adds what was seen to the last looks at something, and returns those. */
function lately(all, key, seen) {
	const looks = all.get(key) ?? [];
	all.set(key, looks);
	looks.push(seen);
	if (looks.length > window) looks.shift();
	return looks;
}

/** quantile reads a time from the buckets of a histogram, in seconds. */
export function quantile(bounds, counts, share) {
	const total = counts.reduce((sum, n) => sum + n, 0);
	if (!total) return undefined;
	let rest = total * share;
	for (const [i, n] of counts.entries()) {
		if (n >= rest && n > 0) {
			const low = i ? bounds[i - 1] : 0;
			return i < bounds.length ? low + (bounds[i] - low) * rest / n : low;
		}
		rest -= n;
	}
	return bounds.at(-1);
}
