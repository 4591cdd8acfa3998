// One shared clock for every age and countdown, so that the window ticks once.
import { Tooltip } from '@mantine/core'
import { createContext, useContext, useSyncExternalStore } from 'react'

const watchers = new Set<() => void>()
let now = Date.now()
let timer: ReturnType<typeof setInterval> | undefined

function subscribe(watcher: () => void): () => void {
  watchers.add(watcher)
  now = Date.now()
  timer ??= setInterval(() => {
    now = Date.now()
    for (const each of watchers) each()
  }, 1_000)
  return () => {
    watchers.delete(watcher)
    if (watchers.size === 0) {
      clearInterval(timer)
      timer = undefined
    }
  }
}

/** Epoch ms, once a second. */
export const useNow = (): number => useSyncExternalStore(subscribe, () => now)

/** True while the hub is gone: what is drawn is past, and no clock runs. */
export const Stale = createContext(false)
export const useStale = (): boolean => useContext(Stale)

/** "2 s", "14 min", "6 h", "3 d": how long, in one unit. */
export function span(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000))
  if (s < 60) return `${s} s`
  if (s < 3600) return `${Math.floor(s / 60)} min`
  if (s < 86_400) return `${Math.floor(s / 3600)} h`
  return `${Math.floor(s / 86_400)} d`
}

/** "0:36": what is left of a countdown. */
export function left(ms: number): string {
  const s = Math.max(0, Math.ceil(ms / 1000))
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`
}

const day = (at: number) => new Date(at).toDateString()
const clockFormat = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const weekdayFormat = new Intl.DateTimeFormat('en-GB', { weekday: 'short', hour: '2-digit', minute: '2-digit' })
const dateFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })
const exactFormat = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'medium' })

/** 14:32, then Tue 16:20, then 3 Nov. */
export function moment(at: number, from = Date.now()): string {
  if (day(at) === day(from)) return clockFormat.format(at)
  if (Math.abs(from - at) < 6 * 86_400_000) return weekdayFormat.format(at).replace(',', '')
  return dateFormat.format(at)
}

export const exactly = (at: number): string => exactFormat.format(at)

/** 14:32, whatever the day. */
export const clockTime = (at: number): string => clockFormat.format(at)

/** 14:32:08. */
export const seconds = (at: number): string => new Date(at).toLocaleTimeString('en-GB')

/** When something was: "14 s ago", "12 min", or a clock time, with the exact time on hover. */
export function Ago({ at, as = 'ago' }: { at: number; as?: 'ago' | 'span' | 'moment' }) {
  const stale = useStale()
  if (as === 'moment' || stale) return <Exact at={at} text={moment(at)} />
  return <Ticking at={at} as={as} />
}

function Ticking({ at, as }: { at: number; as: 'ago' | 'span' }) {
  const ms = useNow() - at
  return <Exact at={at} text={as === 'ago' ? `${span(ms)} ago` : span(ms)} />
}

function Exact({ at, text }: { at: number; text: string }) {
  return (
    <Tooltip label={exactly(at)}>
      <time className="num" dateTime={new Date(at).toISOString()}>
        {text}
      </time>
    </Tooltip>
  )
}

/** What is left until a moment; a dash while the hub is gone. */
export function Countdown({ until }: { until: number }) {
  const stale = useStale()
  const at = useNow()
  return <span className="num">{stale ? '–' : left(until - at)}</span>
}
