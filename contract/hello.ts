// The first frame both ways on the hub's socket and on the window's WebSocket, before anything else is said.
import { z } from 'zod'
import { Problem, Role } from './procedure.ts'

/** Raised when frames on the socket change so that older peers cannot follow. */
export const PROTOCOL = 1

/** First line from whoever connects. `token`: the hub's own (cli) or the client's (bridge); never a window's proof. */
export const Hello = z.object({
  protocol: z.number(),
  version: z.string(),
  role: Role,
  token: z.string().max(200).optional(),
  /** bridge: the entry it was started from (claimed; only the token proves it). */
  client: z.string().max(100).optional(),
  /** bridge: one server without prefixes, by its slug. */
  server: z.string().max(100).optional(),
})
export type Hello = z.infer<typeof Hello>

/** First line from the hub. */
export const Welcome = z.union([
  z.object({ protocol: z.number(), version: z.string(), instance: z.string() }),
  z.object({ protocol: z.number(), version: z.string(), problem: Problem }),
])
export type Welcome = z.infer<typeof Welcome>

/** A window proves itself: the hub sends this after Welcome … */
export const Challenge = z.object({
  nonce: z.string(),
  instance: z.string(),
  address: z.string(),
  /** A later pairing needs the PIN. */
  pinNeeded: z.boolean(),
  /** No window is paired yet: the proof's `pin`, if any, is the one chosen now (else `windows.setPin` chooses). */
  firstPairing: z.boolean(),
})
export type Challenge = z.infer<typeof Challenge>

/**
 * … and the window answers with its key, or pairs a new one with a link's code.
 * `signature`: base64url ECDSA P-256/SHA-256 (IEEE P1363) over `proofText(challenge)`; `publicKey`: base64url SPKI.
 */
export const Proof = z.union([
  z.object({ kind: z.literal('key'), window: z.string(), signature: z.string() }),
  z.object({
    kind: z.literal('pair'),
    code: z.string().max(200),
    publicKey: z.string().max(500),
    name: z.string().max(100),
    signature: z.string(),
    pin: z.string().max(100).optional(),
  }),
])
export type Proof = z.infer<typeof Proof>

/** How a proof ended. `pin-needed` and `pin-wrong` leave the link usable until its time or its tries are over. */
export const Verdict = z.union([
  z.object({ kind: z.literal('accepted'), window: z.string(), firstPairing: z.boolean() }),
  z.object({
    kind: z.enum(['unknown-key', 'link-used', 'link-expired', 'pin-needed', 'pin-wrong', 'refused']),
    problem: Problem,
  }),
])
export type Verdict = z.infer<typeof Verdict>

/** What a window's key signs: bound to this hub, this connection and this address. */
export function proofText(challenge: Challenge): string {
  return `gatehouse-window\n${challenge.instance}\n${challenge.nonce}\n${challenge.address}`
}
