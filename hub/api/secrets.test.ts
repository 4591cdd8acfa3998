// A flood of passphrases is tried one after another, each wrong one is a row, and the hub is not filled with them.
import { call } from '@orpc/server'
import { expect, test } from 'vitest'
import type { AuditEvent } from '../../contract/audit.ts'
import { HubError } from '../error.ts'
import { guardedContract } from './caller.ts'
import { answerSecrets } from './secrets.ts'

test('of a thousand passphrases at once twenty are tried, never two together; each that failed is a row', async () => {
  const rows: AuditEvent[] = []
  const audit = { append: async (event: AuditEvent) => void rows.push(event) }
  let [now, most, tries] = [0, 0, 0]
  const vault = {
    unlock: async () => {
      tries++
      most = Math.max(most, ++now)
      await new Promise(resolve => setTimeout(resolve, 1))
      now--
      throw new HubError('vault/wrong-passphrase', 'That is not the passphrase of the encrypted file.')
    },
  }
  const api = guardedContract(
    audit,
    () => true,
    text => text,
  )
  const router = answerSecrets(api, { audit, vault } as unknown as Parameters<typeof answerSecrets>[1])
  const context = { caller: { role: 'cli', window: null }, gone: new AbortController().signal } as const
  const all = Array.from({ length: 1000 }, (_, n) => call(router.unlock, { passphrase: `try ${n}` }, { context }))
  const settled = await Promise.allSettled(all)
  expect(settled.every(one => one.status === 'rejected')).toBe(true)
  expect([tries, most, now]).toEqual([20, 1, 0])
  expect(settled.at(-1)).toMatchObject({ reason: { message: '20 passphrases wait already.' } })
  expect(rows.map(({ kind, what, by }) => [kind, what, by])).toEqual(rows.map(() => ['refused', 'vault/unlock', 'cli']))
  expect(rows).toHaveLength(1000)
  expect(JSON.stringify(rows)).not.toContain('try 7')
})
