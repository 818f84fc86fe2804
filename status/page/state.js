// The states of a worker, as a shape and a word.

import { clock, el } from './dom.js';

const shapes = {
	up: () => [el('circle', { cx: 6, cy: 6, r: 5, fill: 'currentColor' })],
	warming: () => [
		el('circle', { cx: 6, cy: 6, r: 5, fill: 'none', stroke: 'currentColor', 'stroke-width': 1.5 }),
		el('path', { d: 'M6 1a5 5 0 0 0 0 10z', fill: 'currentColor' }),
	],
	paused: () => [
		el('rect', { x: 2, y: 1.5, width: 2.75, height: 9, fill: 'currentColor' }),
		el('rect', { x: 7.25, y: 1.5, width: 2.75, height: 9, fill: 'currentColor' }),
	],
	drained: () => [
		el('circle', { cx: 6, cy: 6, r: 5, fill: 'none', stroke: 'currentColor', 'stroke-width': 1.5 }),
		el('path', { d: 'M3.5 6h5', stroke: 'currentColor', 'stroke-width': 1.5 }),
	],
	down: () => [el('path', { d: 'M.5 2h11L6 11z', fill: 'currentColor' })],
};

/** shape draws a state. The word beside it says the same. */
export function shape(state) {
	return el('svg', { viewBox: '0 0 12 12', width: 12, height: 12, 'aria-hidden': 'true' }, ...shapes[state]());
}

/** badge shows the state of a worker. */
export function badge(state) {
	return el('span', { class: `state ${state}` }, shape(state), state[0].toUpperCase() + state.slice(1));
}

/** since says more about a state: why, by whom, and since when. */
export function since(worker) {
	const parts = [];
	if (worker.drained_by) parts.push(`by ${worker.drained_by.join(' and ')}`);
	if (worker.state === 'drained' && worker.looks_down) parts.push('and not there');
	if (worker.cause) parts.push(worker.cause);
	if (worker.state === 'warming') parts.push(`since ${clock(new Date(worker.back_since))}`);
	else if (worker.state !== 'up' && worker.away_since) parts.push(`since ${clock(new Date(worker.away_since))}`);
	return parts.join(' ');
}
