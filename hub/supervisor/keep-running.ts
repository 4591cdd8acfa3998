// What goes on while a server runs: its end is noticed, its lists are followed, its health is asked, and idle it may sleep.
// All of it ends with the stay in 'running'.
import { HubError } from '../error.ts'
import { AnswerError, ask } from './ask.ts'
import type { Ending } from './connection.ts'
import { listAll } from './list-all.ts'
import { listenForLists } from './listen-for-lists.ts'
import type { Multiplexer } from './multiplexer.ts'
import { pause } from './pause.ts'
import type { Timing } from './timing.ts'
import type { RawListing } from './upstream.ts'

export interface Running {
  upstream: Multiplexer
  /** When its era was asked for; epoch ms. */
  probedAt: number
  ended: Promise<Ending>
  stay: AbortSignal
  timing: Timing
  /** 0: it never sleeps. */
  idleMs(): number
  log(text: string): void
  onIdle(): void
  onListed(listing: RawListing): void
  onEnded(error: HubError): void
}

/** Unanswered pings in a row after which a server that used to answer them counts as dead. */
const MISSED_PINGS = 2

export function keepRunning(running: Running): void {
  noticeEnd(running)
  followLists(running)
  watchIdleness(running)
  void watchHealth(running)
}

function noticeEnd({ ended, upstream, stay, onEnded }: Running): void {
  void ended.then(async () => {
    if (!stay.aborted) onEnded(await upstream.closed)
  })
}

/** At most one listing per `relistMs`, and one more when something changed meanwhile. */
function followLists({ upstream, probedAt, stay, timing, log, onListed }: Running): void {
  let isListing = false
  let isStale = false
  const list = async () => {
    isStale = true
    if (isListing) return
    isListing = true
    while (isStale && !stay.aborted) {
      isStale = false
      try {
        const listing = await listAll(upstream, probedAt, stay)
        if (!stay.aborted) onListed(listing)
      } catch (error) {
        if (!stay.aborted) log(`It said that its lists changed, and then did not list: ${(error as Error).message}`)
      }
      await pause(timing.relistMs, stay)
    }
    isListing = false
  }
  const unsubscribe = upstream.onNotification(text => {
    // Read by name alone: a listing is asked for, nothing of the message is used.
    if (/"method"\s*:\s*"notifications\/(tools|prompts|resources)\/list_changed"/.test(text)) void list()
  })
  stay.addEventListener('abort', unsubscribe)
  if (upstream.era === 'modern') void listenForLists({ upstream, stay, log }, () => void list())
}

function watchIdleness({ upstream, stay, idleMs, onIdle }: Running): void {
  const look = () => {
    const most = idleMs()
    const idle = upstream.inFlight > 0 || upstream.watched.size > 0 ? 0 : performance.now() - upstream.usedAtMs
    if (most > 0 && idle >= most) return onIdle()
    // The setting may change meanwhile, so it is looked at once a minute at least.
    timer = setTimeout(look, most > 0 ? Math.min(60_000, Math.max(10, most - idle)) : 60_000)
  }
  let timer = setTimeout(look, 0)
  stay.addEventListener('abort', () => clearTimeout(timer))
}

async function watchHealth({ upstream, stay, timing, log, onEnded }: Running): Promise<void> {
  let didAnswer = false
  for (let missed = 0; !stay.aborted; ) {
    await pause(timing.healthMs, stay)
    if (stay.aborted) return
    if (performance.now() - upstream.answeredAtMs < timing.healthMs) {
      missed = 0
      continue
    }
    const isAnswered = await ping(upstream, AbortSignal.any([stay, AbortSignal.timeout(timing.pingMs)]))
    if (stay.aborted) return
    didAnswer ||= isAnswered
    missed = isAnswered ? 0 : missed + 1
    if (missed === 1) log('It did not answer a ping.')
    // A server that never answers pings is odd and not dead; one at work on a call may be too busy to.
    if (missed >= MISSED_PINGS && didAnswer && upstream.inFlight === 0) {
      return onEnded(new HubError('server/silent', `it stopped answering (${missed} pings in a row).`))
    }
  }
}

/** Any answer is one, an error too. */
async function ping(upstream: Multiplexer, signal: AbortSignal): Promise<boolean> {
  try {
    await ask(upstream, upstream.era === 'modern' ? 'server/discover' : 'ping', {}, signal)
    return true
  } catch (error) {
    return error instanceof AnswerError
  }
}
