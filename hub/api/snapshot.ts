// What every window shows, live: whole at first, then only the nouns that changed.
import type { Snapshot } from '../../contract/hub.ts'
import type { Announcements, Announcer } from '../announce.ts'
import { Batches } from './stream.ts'

type Noun = keyof Snapshot

/** How each noun is read now, for the window that asks. */
export type Readers = { [N in Noun]: (window: string | null) => Snapshot[N] | Promise<Snapshot[N]> }

/** Which announcements make which nouns stale. */
const STALE: { [E in keyof Announcements]?: Noun[] } = {
  'servers/changed': ['servers', 'secrets', 'profiles'],
  'servers/listing-changed': ['servers', 'profiles'],
  'approvals/changed': ['approvals'],
  'approvals/asked': ['approvals'],
  'questions/changed': ['questions'],
  'questions/asked': ['questions'],
  'proposals/changed': ['proposals'],
  'policy/changed': ['policy', 'servers'],
  'clients/changed': ['clients', 'profiles'],
  'profiles/changed': ['profiles'],
  'tokens/counted': ['profiles', 'servers'],
  'links/changed': ['clients', 'status', 'servers', 'profiles'],
  'secrets/changed': ['secrets', 'servers'],
  'vault/changed': ['status', 'secrets'],
  'config/changed': ['status', 'servers', 'profiles'],
  'windows/changed': ['windows', 'status'],
  'audit/changed': ['status'],
  'metrics/changed': ['status'],
}

const SLOW_NOUNS_EVERY_MS = 5_000

/** Yields the snapshot and then its changes until the window goes. */
export async function* watchSnapshot(
  readers: Readers,
  announcer: Announcer,
  window: string | null,
  signal: AbortSignal | undefined,
): AsyncGenerator<Partial<Snapshot>, void> {
  const stale = new Batches<Noun>()
  const unsubscribes = Object.entries(STALE).map(([event, nouns]) => {
    const mark = () => stale.push(...nouns)
    announcer.on(event as keyof Announcements, mark)
    return () => announcer.off(event as keyof Announcements, mark)
  })
  // Usage, calls per minute and "answered 2 s ago" change without an announcement.
  const slow = setInterval(() => stale.push('status', 'servers'), SLOW_NOUNS_EVERY_MS)
  try {
    yield await readAll(Object.keys(readers) as Noun[], readers, window)
    for await (const nouns of stale.read(signal, 100)) yield await readAll([...new Set(nouns)], readers, window)
  } finally {
    clearInterval(slow)
    for (const unsubscribe of unsubscribes) unsubscribe()
  }
}

async function readAll(nouns: Noun[], readers: Readers, window: string | null): Promise<Partial<Snapshot>> {
  const entries = await Promise.all(nouns.map(async noun => [noun, await readers[noun](window)] as const))
  return Object.fromEntries(entries)
}
