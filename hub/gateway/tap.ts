// The last frames that passed, for the wire view. A frame is kept as it passes by reference; reading it, counting its
// bytes and taking secrets out happens only when somebody looks, never in a call's way.
import type { WireFrame } from '../../contract/calls.ts'
import { members } from '../../contract/wire.ts'
import type { Announcer } from '../announce.ts'
import { redactedHead } from './redacted-head.ts'

interface Kept {
  n: number
  at: number
  from: string
  to: string
  text: string
  correlation: string | null
  method: string | null
  name: string | null
}

const MOST_FRAMES = 2_000
const MOST_CHARS = 32 * 1024 * 1024
const SHOWN_CHARS = 64 * 1024
const BATCH_MS = 100
const BATCH_FRAMES = 200
const ORIGIN = performance.timeOrigin

export class Tap {
  readonly #announcer: Announcer
  readonly #redact: (text: string) => string
  #ring: Kept[] = []
  #first = 0
  #chars = 0
  #n = 0
  #told = 0
  #timer: NodeJS.Timeout | undefined

  constructor(announcer: Announcer, redact: (text: string) => string) {
    this.#announcer = announcer
    this.#redact = redact
  }

  push(
    from: string,
    to: string,
    text: string,
    about: { correlation?: string | null; method?: string; name?: string } = {},
  ): void {
    const { correlation = null, method = null, name = null } = about
    const at = ORIGIN + performance.now()
    this.#ring.push({ n: ++this.#n, at, from, to, text, correlation, method, name })
    this.#chars += text.length
    while (this.#ring.length - this.#first > MOST_FRAMES || this.#chars > MOST_CHARS) this.#drop()
    if (this.#announcer.listenerCount('wire/frames') === 0) this.#told = this.#n
    else this.#timer ??= setTimeout(() => this.#tell(), BATCH_MS)
  }

  last(count: number): WireFrame[] {
    return this.#ring.slice(Math.max(this.#first, this.#ring.length - count)).map(kept => this.#show(kept))
  }

  close(): void {
    clearTimeout(this.#timer)
  }

  #drop(): void {
    this.#chars -= this.#ring[this.#first]!.text.length
    // Emptied at once, so that a large text is not held until the ring is compacted.
    this.#ring[this.#first]!.text = ''
    this.#first++
    if (this.#first < MOST_FRAMES) return
    this.#ring = this.#ring.slice(this.#first)
    this.#first = 0
  }

  #tell(): void {
    this.#timer = undefined
    const fresh = this.#ring.slice(this.#first).filter(kept => kept.n > this.#told)
    const batch = fresh.slice(0, BATCH_FRAMES)
    this.#told = batch.at(-1)?.n ?? this.#n
    if (fresh.length > batch.length) this.#timer = setTimeout(() => this.#tell(), 1)
    if (batch.length > 0)
      this.#announcer.emit(
        'wire/frames',
        batch.map(kept => this.#show(kept)),
      )
  }

  #show({ text, ...kept }: Kept): WireFrame {
    const top = members(text)
    const has = (key: string) => top.some(m => m.key === key)
    const id = top.find(m => m.key === 'id')
    const method = top.find(m => m.key === 'method')
    const kind = method ? (id ? 'request' : 'notification') : has('result') ? 'result' : has('error') ? 'error' : 'junk'
    const own: unknown = method && JSON.parse(text.slice(method.start, method.end))
    return {
      ...kept,
      kind,
      method: typeof own === 'string' ? own : kept.method,
      id: id ? text.slice(id.start, id.end).slice(0, 200) : null,
      bytes: Buffer.byteLength(text),
      text: redactedHead(text, SHOWN_CHARS, this.#redact),
    }
  }
}
