// When may be deployed: per environment days and hours on the clock of a named place, also where that clock is changed.
import { DateTime, IANAZone } from 'luxon'

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
const ENTRY = /^(development|staging|production)=(\w{3})(?:-(\w{3}))? (\d\d):(\d\d)-(\d\d):(\d\d)$/

interface DeployWindow {
  environment: string
  /** 1 is Monday. */
  days: number[]
  /** Minutes of the day; the end is outside. */
  from: number
  to: number
  text: string
}

export const isTimeZone = (zone: string) => IANAZone.isValidZone(zone)
const entriesOf = (text: string) => (text.trim() === 'none' ? [] : text.split(';').map(entry => entry.trim()))

/** The first entry of DEPLOY_WINDOWS that is none, or null. */
export function wrongWindow(text: string): string | null {
  return entriesOf(text).find(entry => windowOf(entry) === null) ?? null
}

function windowOf(text: string): DeployWindow | null {
  const [, environment, first, last = first, ...clock] = ENTRY.exec(text) ?? []
  if (environment === undefined) return null
  const [fromHour, fromMinute, toHour, toMinute] = clock.map(Number) as [number, number, number, number]
  const [a, b] = [DAYS.indexOf(first!), DAYS.indexOf(last!)]
  const [from, to] = [fromHour * 60 + fromMinute, toHour * 60 + toMinute]
  if (a < 0 || b < a || from >= to || to > 1_440 || fromMinute > 59 || toMinute > 59) return null
  return {
    environment,
    days: DAYS.map((_, n) => n + 1).slice(a, b + 1),
    from,
    to,
    text: text.slice(environment.length + 1),
  }
}

export class DeployWindows {
  readonly #windows: readonly DeployWindow[]
  readonly #zone: string

  constructor(text: string, zone: string) {
    this.#windows = entriesOf(text).map(entry => windowOf(entry)!)
    this.#zone = zone
  }

  /** Environments without a window are always open. */
  at(environment: string, now: number): { open: boolean; words: string; opens?: string } {
    const windows = this.#windows.filter(window => window.environment === environment)
    if (windows.length === 0) return { open: true, words: `${environment} has no deployment window` }
    const local = DateTime.fromMillis(now, { zone: this.#zone })
    const words = `${windows.map(window => window.text).join(', ')} (${this.#zone})`
    const isOpen = windows.some(({ days, from, to }) => {
      const minute = local.hour * 60 + local.minute
      return days.includes(local.weekday) && minute >= from && minute < to
    })
    if (isOpen) return { open: true, words }
    const opens = windows.map(window => nextOpening(window, local)).toSorted((a, b) => +a - +b)[0]!
    return { open: false, words, opens: opens.toISO()! }
  }
}

function nextOpening({ days, from }: DeployWindow, local: DateTime): DateTime {
  const openings = [0, 1, 2, 3, 4, 5, 6, 7]
    .map(n => local.startOf('day').plus({ days: n }))
    .map(day => day.set({ hour: Math.floor(from / 60), minute: from % 60 }))
  return openings.find(one => one > local && days.includes(one.weekday))!
}
