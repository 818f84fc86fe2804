// Making and changing elements, without markup in strings.

const svgTags = new Set(['svg', 'path', 'circle', 'rect']);

/** el makes an element with attributes and children. */
export function el(tag, attributes = {}, ...children) {
	const node = svgTags.has(tag)
		? document.createElementNS('http://www.w3.org/2000/svg', tag)
		: document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) {
		if (typeof value === 'function') node.addEventListener(name, value);
		else if (value !== undefined && value !== false) node.setAttribute(name, value === true ? '' : value);
	}
	node.append(...children.filter((child) => child !== null));
	return node;
}

/** write changes the text of a node, unless it says that already. */
export function write(node, text) {
	if (node.textContent !== text) node.textContent = text;
}

/** mark changes an attribute, unless it has that value already. */
export function mark(node, name, value) {
	if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

/** number writes a figure as short as it can be read: 0, 0.4, 12, 1,234. */
export function number(value) {
	if (value === undefined) return '–';
	const digits = value > 0 && value < 10 && !Number.isInteger(value) ? 1 : 0;
	return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** duration writes seconds with a unit that suits them. */
export function duration(seconds) {
	if (seconds === undefined) return '–';
	if (seconds < 0.001) return '<1 ms';
	if (seconds < 1) return `${number(Math.round(seconds * 1000))} ms`;
	return seconds < 90 ? `${number(Math.round(seconds * 10) / 10)} s` : `${number(Math.round(seconds / 60))} min`;
}

/** clock writes the time of day. */
export function clock(date) {
	return date.toLocaleTimeString('en-GB');
}

/** count writes how many there are of something. */
export function count(n, one, many = `${one}s`) {
	return `${number(n)} ${n === 1 ? one : many}`;
}
