// A small chart: the last minutes of one figure, as a line over a wash.

import { el, mark, number } from './dom.js';

/** How many values a chart shows; one is drawn for each look. */
export const length = 60;

const height = 32;

/** Chart draws a figure. Its text says what the line shows. */
export class Chart {
	constructor(what) {
		this.what = what;
		this.area = el('path', { class: 'area' });
		this.trace = el('path', { class: 'trace' });
		this.node = el('svg', {
			class: 'sparkline', role: 'img', 'aria-label': `${what}: no figures yet`,
			viewBox: `0 0 ${length - 1} ${height}`, preserveAspectRatio: 'none',
		}, this.area, this.trace);
	}

	/** draw shows values, the newest last. Charts that are compared share a top. */
	draw(values, write = number, top = 0) {
		const highest = Math.max(...values, 0);
		const scale = (height - 3) / Math.max(highest, top, 1);
		const start = length - values.length;
		const points = values.map((value, i) => `${start + i} ${(height - 1.5 - value * scale).toFixed(2)}`);
		const line = points.length ? `M${points.join('L')}` : '';
		mark(this.trace, 'd', line);
		mark(this.area, 'd', line && `${line}L${length - 1} ${height}L${start} ${height}Z`);
		if (values.length) {
			mark(this.node, 'aria-label', `${this.what}: now ${write(values.at(-1))}, at most ${write(highest)} while you look`);
		}
	}
}
