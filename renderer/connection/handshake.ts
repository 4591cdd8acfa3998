// A window's first frames: Hello, Welcome, Challenge, Proof, Verdict. What comes after is oRPC's.
import { Challenge, type Hello, PROTOCOL, type Proof, Verdict, Welcome } from '../../contract/hello.ts'
import type { Problem } from '../../contract/procedure.ts'
import type { Wire } from './socket.ts'
import { keepKey, keptKey, proveKey, provePairing } from './window-key.ts'

/** How the first frames ended. */
export type Entry =
  | { kind: 'accepted'; instance: string; version: string; firstPairing: boolean }
  | { kind: 'pairing-needed'; problem: Problem | null }
  | { kind: 'pin-needed'; problem: Problem | null }
  | { kind: 'refused'; problem: Problem }

/** What the link that opened this page brought; memory only. */
export interface Invitation {
  code: string
  pin?: string
}

/** Frames as they come, one awaited at a time. */
function frames(wire: Wire): () => Promise<unknown> {
  const waiting: unknown[] = []
  let wake: (() => void) | undefined
  let ended = false
  const heard = (event: Event) => {
    waiting.push(JSON.parse(String((event as MessageEvent).data)))
    wake?.()
  }
  wire.addEventListener('message', heard)
  wire.addEventListener('close', () => {
    ended = true
    wake?.()
  })
  return async () => {
    while (waiting.length === 0) {
      if (ended) throw new Error('The hub closed the connection before it answered.')
      await new Promise<void>(resolve => {
        wake = resolve
      })
    }
    return waiting.shift()
  }
}

const ELSEWHERE: Problem = {
  code: 'window/elsewhere',
  message: 'What answers here is not the hub this page came from.',
  hint: 'Close this page. Run `gatehouse open` for a new one.',
}

/** Goes through the handshake once the wire is open. Throws when the wire ends first. `address`: where this page is. */
export async function enter(
  wire: Wire,
  version: string,
  invitation: Invitation | null,
  address: string | undefined = globalThis.location?.host,
): Promise<Entry> {
  const next = frames(wire)
  const say = (frame: Hello | Proof) => wire.send(JSON.stringify(frame))
  say({ protocol: PROTOCOL, version, role: 'window' })
  const answer = Welcome.parse(await next())
  if ('problem' in answer) return { kind: 'refused', problem: answer.problem }
  const welcome = answer
  const challenge = Challenge.parse(await next())
  // Who holds a port that was the hub's before may pass on the challenge of where it is now: that is not signed.
  if (address !== undefined && challenge.address !== address) return { kind: 'refused', problem: ELSEWHERE }
  const kept = await keptKey(challenge.instance)
  if (kept) {
    say(await proveKey(kept, challenge))
    const verdict = Verdict.parse(await next())
    if (!invitation || verdict.kind !== 'unknown-key') return outcome(verdict, welcome)
    const again = Challenge.parse(await next())
    if (again.address !== challenge.address) return { kind: 'refused', problem: ELSEWHERE }
    return pair(again, invitation)
  }
  return invitation ? pair(challenge, invitation) : { kind: 'pairing-needed', problem: null }

  async function pair(asked: Challenge, { code, pin }: Invitation): Promise<Entry> {
    if (asked.pinNeeded && pin === undefined) return { kind: 'pin-needed', problem: null }
    const { proof, privateKey } = await provePairing(asked, code, pin)
    say(proof)
    const verdict = Verdict.parse(await next())
    if (verdict.kind === 'accepted') await keepKey(asked.instance, { window: verdict.window, privateKey })
    return outcome(verdict, welcome)
  }
}

function outcome(verdict: Verdict, welcome: { version: string; instance: string }): Entry {
  switch (verdict.kind) {
    case 'accepted':
      return {
        kind: 'accepted',
        instance: welcome.instance,
        version: welcome.version,
        firstPairing: verdict.firstPairing,
      }
    case 'pin-needed':
      return { kind: 'pin-needed', problem: null }
    case 'pin-wrong':
      return { kind: 'pin-needed', problem: verdict.problem }
    case 'unknown-key':
    case 'link-used':
    case 'link-expired':
      return { kind: 'pairing-needed', problem: verdict.problem }
    case 'refused':
      return { kind: 'refused', problem: verdict.problem }
  }
}
