// When Allow may be pressed: only after a person had the time to read what is on the screen now, and only by a fresh press.

/** How long the same content must be shown, with focus, before Allow counts. */
export const ARM_MS = 900

/** What is looked at, and since when it has been shown, focused and unchanged. `since` is null while it is not. */
export interface Arming {
  content: string
  shown: boolean
  focused: boolean
  since: number | null
}

export const UNSEEN: Arming = { content: '', shown: false, focused: false, since: null }

/** What arming becomes when something about the screen is (still) so. Any difference begins the wait anew. */
export function look(arming: Arming, seen: { content: string; shown: boolean; focused: boolean }, now: number): Arming {
  const same = arming.content === seen.content && arming.shown === seen.shown && arming.focused === seen.focused
  if (same) return arming
  return { ...seen, since: seen.shown && seen.focused ? now : null }
}

/** Milliseconds until Allow counts; 0 when it does; null while nothing is being waited for. */
export function armedIn(arming: Arming, now: number): number | null {
  return arming.since === null ? null : Math.max(0, ARM_MS - (now - arming.since))
}

/** One press on Allow. `beganAt`: when the button or key went down. `clicks`: the browser's count for a double click. */
export interface Press {
  by: 'pointer' | 'space' | 'enter' | 'shortcut'
  beganAt: number
  repeat: boolean
  clicks: number
  /** False for events a script made. */
  trusted: boolean
}

/** Whether a press allows: begun after arming, first of its kind, by a person, and never Enter. */
export function mayAllow(arming: Arming, press: Press): boolean {
  if (arming.since === null || !press.trusted || press.repeat || press.clicks > 1 || press.by === 'enter') return false
  return press.beganAt - arming.since >= ARM_MS
}
