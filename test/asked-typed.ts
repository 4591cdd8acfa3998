// A call that waits for a person; where it names what is protected, a yes counts only with that name typed.
import { expect } from 'vitest'
import { until } from './harness.ts'
import type { RawPeer } from './raw-peer.ts'
import type { WindowClient } from './window-client.ts'

export async function askedTyped(
  window: WindowClient,
  peer: RawPeer,
  { tool, args, kind }: { tool: string; args: object; kind: 'allow' | 'deny' },
) {
  const waiting = async () => (await window.call.approvals.list()).find(one => one.state.kind === 'waiting')
  const answer = peer.call(tool, args)
  await until(`${tool} waits`, async () => (await waiting()) !== undefined)
  const { id, reasons, risk, typed } = (await waiting())!
  const yes = { kind: 'allow', scope: 'once' } as const
  const wrong = typed === null ? [] : [undefined, '', `${typed} `, typed.toUpperCase()]
  for (const one of wrong)
    await expect(
      window.call.approvals.answer({ id, answer: one === undefined ? yes : { ...yes, typed: one } }),
    ).rejects.toThrow(`${typed} is protected`)
  const allow = typed === null ? yes : { ...yes, typed }
  await window.call.approvals.answer({ id, answer: kind === 'allow' ? allow : { kind } })
  const { result } = await answer
  const data = (result as { structuredContent?: Record<string, unknown> } | undefined)?.structuredContent ?? {}
  const text = JSON.stringify(result?.content)
  return { typed, risk, reasons: reasons.join(' '), failed: result?.isError ?? false, text, data }
}
