// The window's handshake, done in the shell: hello, then a proof with our key, or pairing a new one.
import { Challenge, type Hello, PROTOCOL, type Proof, Verdict, Welcome } from '../contract/hello.ts'
import type { Problem } from '../contract/procedure.ts'
import type { Line } from './line.ts'
import type { WindowKeys } from './window-key.ts'

/** How the first frames ended. After `accepted` the line carries the contract's calls. */
export type Entry =
  | { kind: 'accepted'; firstPairing: boolean }
  | { kind: 'pin-needed'; problem: Problem | null }
  | { kind: 'refused'; problem: Problem }

export interface Credentials {
  version: string
  keys: WindowKeys
  /** What Settings lists this window as. */
  name: string
  /** A pairing code: from the hub we started, or a new link's. Null: none is to be had. */
  code: () => Promise<string | null>
  pin: string | undefined
}

const ANSWER_MS = 65_000

/** Enters as a window. Throws when the hub goes in between. */
export async function enterHub(line: Line, credentials: Credentials): Promise<Entry> {
  const say = (frame: Hello | Proof) => line.send(JSON.stringify(frame))
  const hear = async () => JSON.parse(await line.next(ANSWER_MS)) as unknown
  say({ protocol: PROTOCOL, version: credentials.version, role: 'window' })
  const welcome = Welcome.parse(await hear())
  if ('problem' in welcome) return { kind: 'refused', problem: welcome.problem }
  const challenge = Challenge.parse(await hear())
  const kept = await credentials.keys.kept(challenge.instance)
  if (!kept?.window) return pair(challenge)
  say({ kind: 'key', window: kept.window, signature: kept.sign(challenge) })
  const verdict = Verdict.parse(await hear())
  if (verdict.kind === 'accepted') return { kind: 'accepted', firstPairing: false }
  if (verdict.kind !== 'unknown-key') return { kind: 'refused', problem: verdict.problem }
  credentials.keys.forget(challenge.instance)
  return pair(Challenge.parse(await hear()))

  async function pair(asked: Challenge): Promise<Entry> {
    const { pin } = credentials
    if (asked.pinNeeded && pin === undefined) return { kind: 'pin-needed', problem: null }
    const code = await credentials.code()
    if (!code) return { kind: 'refused', problem: NO_CODE }
    const { key, keep } = credentials.keys.make(asked.instance)
    const proof = {
      kind: 'pair' as const,
      code,
      publicKey: key.publicKey,
      name: credentials.name,
      signature: key.sign(asked),
    }
    say(pin === undefined ? proof : { ...proof, pin })
    const verdict = Verdict.parse(await hear())
    if (verdict.kind === 'pin-needed' || verdict.kind === 'pin-wrong')
      return { kind: 'pin-needed', problem: verdict.kind === 'pin-wrong' ? verdict.problem : null }
    if (verdict.kind !== 'accepted') return { kind: 'refused', problem: verdict.problem }
    await keep(verdict.window)
    return { kind: 'accepted', firstPairing: verdict.firstPairing }
  }
}

const NO_CODE: Problem = {
  code: 'shell/no-code',
  message: 'This window could not be paired with the hub that runs.',
  hint: 'Run `gatehouse stop` and start Gatehouse again.',
}
