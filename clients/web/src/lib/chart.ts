// Charts, loaded only where there is one.

import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

/** What a chart is of. */
export interface Drawn {
	/** What it shows. */
	label: string;
	/** Of the values. */
	unit: string;
	/** Whether bars are drawn instead of a line. */
	bars: boolean;
	/** Its height in pixels. */
	height: number;
}

/** Draws a chart in the colours of the page. */
export function makeChart(place: HTMLElement, { label, unit, bars, height }: Drawn, data: [number[], number[]]): uPlot {
	const style = getComputedStyle(place);
	const [ink, line, accent] = ['--faint', '--line', '--accent'].map((name) => resolved(place, style.getPropertyValue(name)));
	const axis = { stroke: ink ?? '', grid: { stroke: line ?? '', width: 1 }, ticks: { show: false }, font: '12px system-ui' };
	return new uPlot(
		{
			width: place.clientWidth,
			height,
			legend: { show: false },
			cursor: { show: false },
			scales: { x: { time: false }, y: { range: (_, __, most) => [0, Math.max(most * 1.15, 1e-9)] } },
			axes: [
				{ ...axis, grid: { show: false }, values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? String(tick) : '')) },
				{ ...axis, size: 58, values: (_, ticks) => ticks.map((tick) => `${tick}${unit && ` ${unit}`}`) },
			],
			series: [
				{ label: 'block' },
				{
					label,
					stroke: accent ?? '',
					width: 2,
					fill: bars ? (accent ?? '') : 'transparent',
					...(bars && uPlot.paths.bars ? { paths: uPlot.paths.bars({ size: [0.7, 26] }) } : {}),
					points: { show: !bars && data[0].length < 2 },
				},
			],
		},
		data,
		place,
	);
}

/** A colour as canvases take it: what `light-dark()` means here. */
function resolved(place: HTMLElement, colour: string): string {
	const probe = document.createElement('span');
	probe.style.color = colour;
	place.append(probe);
	const found = getComputedStyle(probe).color;
	probe.remove();
	return found;
}
