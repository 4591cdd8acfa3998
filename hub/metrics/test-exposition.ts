// Reads what Prometheus would read, and as strictly: one wrong line, one series twice, and a scrape is refused as a whole.

export interface Sample {
  name: string
  labels: Record<string, string>
  value: number
}

export interface Exposition {
  types: Map<string, string>
  samples: Sample[]
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,|$)/y
const SUFFIX = /_(bucket|sum|count)$/

export function readExposition(text: string): Exposition {
  if (!text.endsWith('\n')) throw new Error('The last line has no end.')
  const types = new Map<string, string>()
  const helped = new Set<string>()
  const samples: Sample[] = []
  const seen = new Set<string>()
  for (const line of text.slice(0, -1).split('\n')) {
    const about = new RegExp(`^# (HELP|TYPE) (${NAME}) (.+)$`).exec(line)
    if (about?.[1] === 'HELP') helped.add(about[2]!)
    else if (about) types.set(about[2]!, about[3]!)
    else if (line !== '') {
      const sample = readSample(line)
      const { name, labels } = sample
      const family = types.has(name) ? name : name.replace(SUFFIX, '')
      if (!types.has(family) || !helped.has(family)) throw new Error(`${name} has no TYPE or no HELP before it.`)
      if (types.get(family) === 'counter' && !name.endsWith('_total'))
        throw new Error(`${name} counts, but has no _total.`)
      const series = JSON.stringify([name, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))])
      if (seen.has(series)) throw new Error(`There twice: ${series}`)
      seen.add(series)
      samples.push(sample)
    }
  }
  checkBuckets(types, samples)
  return { types, samples }
}

/** The value of the one series with these labels; undefined when there is none. */
export function valueIn(
  { samples }: Exposition,
  name: string,
  labels: Record<string, string> = {},
): number | undefined {
  const found = samples.filter(
    one => one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value),
  )
  if (found.length > 1) throw new Error(`${name} ${JSON.stringify(labels)} names ${found.length} series.`)
  return found[0]?.value
}

function readSample(line: string): Sample {
  const parts = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (-?[0-9.e+-]+|NaN|[+-]Inf)$`).exec(line)
  if (!parts) throw new Error(`Not a sample: ${JSON.stringify(line)}`)
  const labels: Record<string, string> = {}
  const given = parts[2] ?? ''
  LABEL.lastIndex = 0
  while (LABEL.lastIndex < given.length) {
    const at = LABEL.lastIndex
    const label = LABEL.exec(given)
    if (!label) throw new Error(`Not a label: ${JSON.stringify(given.slice(at))}`)
    if (label[1]! in labels) throw new Error(`A label twice: ${JSON.stringify(line)}`)
    labels[label[1]!] = label[2]!.replaceAll(/\\(.)/g, (_, one: string) => (one === 'n' ? '\n' : one))
  }
  return { name: parts[1]!, labels, value: Number(parts[3]!.replace('Inf', 'Infinity')) }
}

/** Buckets never fall, and the last holds all. */
function checkBuckets(types: Map<string, string>, samples: Sample[]): void {
  const before = new Map<string, { le: number; value: number }>()
  for (const { name, labels, value } of samples) {
    if (!name.endsWith('_bucket') || types.get(name.replace(SUFFIX, '')) !== 'histogram') continue
    const { le = '', ...rest } = labels
    const bound = Number(le.replace('Inf', 'Infinity'))
    const key = JSON.stringify([name.replace(SUFFIX, ''), rest])
    const last = before.get(key)
    if (last && (bound <= last.le || value < last.value)) throw new Error(`The buckets of ${key} fall.`)
    before.set(key, { le: bound, value })
  }
  for (const [key, { le, value }] of before) {
    const [name, labels] = JSON.parse(key) as [string, Record<string, string>]
    if (le !== Infinity) throw new Error(`${key} has no last bucket.`)
    const count = samples.find(
      one => one.name === `${name}_count` && JSON.stringify(one.labels) === JSON.stringify(labels),
    )
    if (count?.value !== value) throw new Error(`${key} holds ${value}, but counts ${count?.value}.`)
  }
}
