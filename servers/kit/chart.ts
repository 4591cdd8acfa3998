// Draws series over time as a small PNG for an answer. Where there is no value there is no line.
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { ImageContent } from '@modelcontextprotocol/server'
import { numberWords, reach, stretchWords, timeWords } from './chart-axis.ts'

export interface Series {
  name: string
  /** `at`: milliseconds since 1970. */
  points: readonly { at: number; value: number | null }[]
}

export interface Chart {
  title: string
  unit?: string
  series: readonly Series[]
  /** How far apart points are: the line breaks where one is missing. Without it, only where a value is null. */
  stepMs?: number
  /** What was asked for, also where nothing was measured. */
  from?: number
  to?: number
}

/** So many series are drawn; the others are counted in the legend. */
export const MOST_SERIES = 8
const [WIDTH, HEIGHT, ROW] = [760, 340, 20]
const [INK, MUTED, GRID, PAPER] = ['#24292f', '#5b636d', '#e1e4e8', '#fbfbfa']
// Okabe and Ito's: told apart also by those who see few colours.
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#a0447f', '#b07d00', '#3a94c8', '#444c56', '#8c6d5a']
/** Of DejaVu Sans, on average, for its size. */
const LETTER = 0.6

/** For `more` of an answer; null where there is not one value to draw. */
export async function chartOf(chart: Chart): Promise<ImageContent | null> {
  const svg = await svgOf(chart)
  if (svg === null) return null
  const [{ Resvg }, fontFile] = await Promise.all([loadResvg(), loadFont()])
  const drawing = new Resvg(svg, { font: { fontBuffers: [fontFile], defaultFontFamily: 'DejaVu Sans' } })
  const picture = drawing.render()
  const data = Buffer.from(picture.asPng()).toString('base64')
  picture.free()
  drawing.free()
  return { type: 'image', mimeType: 'image/png', data }
}

function inOrder(points: Series['points']) {
  const isNumber = (value: number | null) => value !== null && Number.isFinite(value)
  return points
    .map(({ at, value }) => ({ at, value: isNumber(value) ? value : null }))
    .toSorted((one, other) => one.at - other.at)
}

export async function svgOf(chart: Chart): Promise<string | null> {
  const series = chart.series.slice(0, MOST_SERIES).map(one => ({ ...one, points: inOrder(one.points) }))
  if (!series.some(one => one.points.some(point => point.value !== null))) return null
  const [{ scaleLinear, scaleUtc }, { line }] = await Promise.all([import('d3-scale'), import('d3-shape')])
  const points = series.flatMap(one => one.points)
  const times = points.map(point => point.at)
  const values = points.flatMap(point => point.value ?? [])
  const y = scaleLinear().domain(reach(values)).nice(5)
  const yTicks = y.ticks(5)
  const yText = yTicks.map(numberWords(yTicks))
  const legend = legendOf(chart, series)
  const left = 24 + Math.max(...yText.map(text => text.length)) * 12 * LETTER
  const under = [chart.unit, y.domain()[0]! * y.domain()[1]! > 0 ? '(the axis does not begin at 0)' : '']
    .filter(Boolean)
    .join(' ')
  const [top, right, bottom, height] = [under ? 66 : 50, WIDTH - 20, HEIGHT - 56, HEIGHT + legend.rows * ROW]
  y.range([bottom, top])
  const [from, to] = [Math.min(...times, chart.from ?? Infinity), Math.max(...times, chart.to ?? -Infinity)]
  const margin = from === to ? 60_000 : 0
  const x = scaleUtc([from - margin, to + margin], [left, right])
  const xTicks = x.ticks(7)
  const path = line<{ at: number; value: number | null }>()
    .defined(point => point.value !== null)
    .x(point => x(point.at))
    .y(point => y(point.value!))
  const drawn = series.map(({ points }, n) => {
    const whole = withGaps(points, chart.stepMs)
    const dots = alone(whole).map(
      point => `<circle cx="${x(point.at)}" cy="${y(point.value!)}" r="3" fill="${COLOURS[n]}"/>`,
    )
    const stroke = `fill="none" stroke="${COLOURS[n]}" stroke-width="2" stroke-linejoin="round" stroke-linecap="round"`
    return `<path d="${path(whole) ?? ''}" ${stroke}/>${dots.join('')}`
  })
  const grid = yTicks.map((tick, n) => {
    const rule = `<line x1="${left}" x2="${right}" y1="${y(tick)}" y2="${y(tick)}" stroke="${tick === 0 ? MUTED : GRID}"/>`
    return rule + text(left - 8, y(tick) + 4, yText[n]!, { anchor: 'end' })
  })
  const marks = xTicks.map(tick => {
    const at = x(tick)
    const rule = `<line x1="${at}" x2="${at}" y1="${bottom}" y2="${bottom + 5}" stroke="${MUTED}"/>`
    const anchor = at > right - 20 ? 'end' : 'middle'
    return rule + text(anchor === 'end' ? right : at, bottom + 19, timeWords(tick, to - from), { anchor })
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="DejaVu Sans" font-size="12">`,
    `<rect x=".5" y=".5" width="${WIDTH - 1}" height="${height - 1}" rx="8" fill="${PAPER}" stroke="#c9ced4"/>`,
    text(20, 28, cut(chart.title, WIDTH - 40, 15), { size: 15, fill: INK }),
    text(20, 48, cut(under, WIDTH - 40), {}),
    ...grid,
    ...marks,
    `<line x1="${left}" x2="${right}" y1="${bottom}" y2="${bottom}" stroke="${MUTED}"/>`,
    ...drawn,
    text(right, bottom + 37, stretchWords(from, to), { anchor: 'end' }),
    legend.svg(bottom + 58),
    '</svg>',
  ].join('')
}

/** With an end put where more than one step passed without a point. */
function withGaps(points: Series['points'], stepMs: number | undefined) {
  return points.flatMap((point, n) => {
    const before = points[n - 1]
    const missed = before && stepMs !== undefined && point.at - before.at > stepMs * 1.5
    return missed ? [{ at: before.at + stepMs, value: null }, point] : [point]
  })
}

/** Points without a neighbour: a line does not show them. */
function alone(points: Series['points']) {
  const missing = (n: number) => (points[n]?.value ?? null) === null
  return points.filter((point, n) => point.value !== null && missing(n - 1) && missing(n + 1))
}

function legendOf({ series: all }: Chart, series: readonly Series[]) {
  if (all.length < 2 && !series[0]?.name) return { rows: 0, svg: () => '' }
  const names = series.map(one => one.name || 'value')
  if (all.length > series.length) names.push(`and ${all.length - series.length} more, not drawn`)
  const columns = Math.min(names.length, names.some(name => name.length > 30) ? 2 : 4)
  const wide = (WIDTH - 40) / columns
  const svg = (under: number) =>
    names
      .map((name, n) => {
        const [x, y] = [20 + (n % columns) * wide, under + Math.floor(n / columns) * ROW]
        const mark = n < series.length ? `<rect x="${x}" y="${y - 6}" width="14" height="3" fill="${COLOURS[n]}"/>` : ''
        return mark + text(x + 20, y, cut(name, wide - 28), { fill: INK })
      })
      .join('')
  return { rows: Math.ceil(names.length / columns), svg }
}

const REPLACED: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function text(x: number, y: number, words: string, o: { anchor?: string; size?: number; fill?: string }): string {
  // What XML may not hold is left out.
  const safe = words.replaceAll(/[^\P{C}]|[\ufffe\uffff]/gu, ' ').replaceAll(/[&<>"]/g, sign => REPLACED[sign]!)
  return `<text x="${x}" y="${y}" text-anchor="${o.anchor ?? 'start'}" font-size="${o.size ?? 12}" fill="${o.fill ?? MUTED}">${safe}</text>`
}

function cut(words: string, width: number, size = 12): string {
  const most = Math.floor(width / (size * LETTER))
  const letters = [...words]
  return letters.length > most ? `${letters.slice(0, most - 1).join('')}…` : words
}

let resvg: Promise<typeof import('@resvg/resvg-wasm')> | undefined
let font: Promise<Uint8Array> | undefined

function loadResvg() {
  resvg ??= initResvg()
  return resvg
}

async function initResvg() {
  const [module, wasm] = await Promise.all([
    import('@resvg/resvg-wasm'),
    readFile(fileURLToPath(import.meta.resolve('@resvg/resvg-wasm/index_bg.wasm'))),
  ])
  await module.initWasm(wasm)
  return module
}

function loadFont() {
  font ??= readFile(fileURLToPath(import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf')))
  return font
}
