// The modern era tells nothing unasked: one stream per server, open as long as it runs, says when its lists change.
import { AnswerError } from './ask.ts'
import type { Multiplexer } from './multiplexer.ts'
import { pause } from './pause.ts'

const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 60_000
/** A stream of this length was no failure. */
const STEADY_MS = 30_000

/** Opens it again when it ends, with growing pauses; the lists may have changed while it was closed. Never rejects. */
export async function listenForLists(
  { upstream, stay, log }: { upstream: Multiplexer; stay: AbortSignal; log(text: string): void },
  onChanged: () => void,
): Promise<void> {
  const notifications = offered(upstream.initialize)
  if (Object.keys(notifications).length === 0) return
  for (let waitMs = FIRST_PAUSE_MS; ; ) {
    const since = performance.now()
    try {
      await listen(upstream, notifications, stay, onChanged)
    } catch (error) {
      if (stay.aborted || !upstream.isOpen) return
      log(`It does not say when its lists change: ${(error as Error).message}`)
      if (error instanceof AnswerError) return
    }
    if (stay.aborted || !upstream.isOpen) return
    if (performance.now() - since > STEADY_MS) waitMs = FIRST_PAUSE_MS
    await pause(waitMs, stay)
    if (stay.aborted || !upstream.isOpen) return
    waitMs = Math.min(waitMs * 2, LONGEST_PAUSE_MS)
    onChanged()
  }
}

async function listen(
  upstream: Multiplexer,
  notifications: Record<string, true>,
  signal: AbortSignal,
  onChanged: () => void,
): Promise<void> {
  const params = { notifications, _meta: upstream.envelope }
  const frame = JSON.stringify({ jsonrpc: '2.0', id: 'lists', method: 'subscriptions/listen', params })
  const answer = await upstream.request(frame, {
    isOurs: true,
    signal,
    onNotification: text => {
      // Read by name alone: a listing is asked for, nothing of the message is used.
      if (/"method"\s*:\s*"notifications\\?\/(tools|prompts|resources)\\?\/list_changed"/.test(text)) onChanged()
    },
  })
  const { error } = JSON.parse(answer) as { error?: { code?: unknown; message?: unknown } }
  if (error) throw new AnswerError('subscriptions/listen', Number(error.code), String(error.message))
}

/** What of its lists may change, as it says itself. */
function offered(discovered: string): Record<string, true> {
  const { capabilities = {} } = JSON.parse(discovered) as {
    capabilities?: Record<string, { listChanged?: unknown } | undefined>
  }
  const names = ['tools', 'prompts', 'resources'].filter(name => capabilities[name]?.listChanged === true)
  return Object.fromEntries(names.map(name => [`${name}ListChanged`, true]))
}
