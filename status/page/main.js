// The page asks how everything fares, every two seconds while somebody looks, and
// hands the answer to its parts.

import { Ask } from './ask.js';
import { clock, write } from './dom.js';
import { Glance } from './glance.js';
import { History } from './history.js';
import { News } from './news.js';
import { Pools } from './pools.js';
import { Ways } from './ways.js';

const interval = 2000;

const history = new History();
const news = new News(document.getElementById('news'));
const parts = [
	new Glance(history),
	new Pools(document.getElementById('pool-tables'), history, order),
	new Ways(document.getElementById('way-tables'), history),
	new Ask(document.getElementById('ask'), document.getElementById('answer')),
	news,
];
const fresh = document.getElementById('fresh');
const hold = document.getElementById('hold');

let timer = 0;
let asking = false;

/** look asks once, and again after a while. */
async function look() {
	clearTimeout(timer);
	if (document.hidden || held() || asking) return;
	asking = true;
	const status = await ask().catch(missed);
	asking = false;
	timer = setTimeout(look, interval);
	if (status) show(status);
}

/** ask asks how everything fares. */
async function ask() {
	const response = await fetch('status', { cache: 'no-store', signal: AbortSignal.timeout(10000) });
	if (!response.ok) throw new Error(`Caddy answered with ${response.status}`);
	return response.json();
}

/** show hands an answer to all parts. */
function show(status) {
	history.look(Date.parse(status.time));
	for (const part of parts) part.show(status);
	document.body.classList.remove('stale');
	write(fresh, `as of ${clock(new Date(status.time))}`);
}

/** missed says that there was no answer, once. */
function missed(error) {
	if (document.body.classList.contains('stale')) return;
	document.body.classList.add('stale');
	write(fresh, 'no answer from Caddy, asking again');
	news.add(`Caddy does not answer (${error.message})`);
}

/** order sends an order to the admin API, and looks what became of it. */
async function order(what, worker) {
	const query = new URLSearchParams(worker);
	const response = await fetch(`${what}?${query}`, { method: 'POST' });
	if (!response.ok) news.add(`${what} of ${worker.worker} was refused: ${(await response.json()).error}`);
	await look();
}

const held = () => hold.getAttribute('aria-pressed') === 'true';

hold.addEventListener('click', () => {
	hold.setAttribute('aria-pressed', String(!held()));
	if (held()) write(fresh, `${fresh.textContent}, paused`);
	look();
});
document.addEventListener('visibilitychange', look);
look();
