import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { AuditFilter, type AuditRow } from '../../contract/audit.ts'
import { Announcer } from '../announce.ts'
import { Audit } from './audit.ts'
import { LogWriter } from './log-writer.ts'
import { Reading } from './reading.ts'

test('the thread that reads is there for questions alone, and questions at its end are answered by the next', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gh-reading-'))
  const writer = new LogWriter(folder)
  writer.open(null, null)
  writer.append([{ time: 1, content: '{"kind":"hub","what":"hub/started"}' }])
  writer.close()
  const reading = new Reading(folder, 20)
  const ask = async () => (await reading.ask<AuditRow[]>({ kind: 'list', filter: AuditFilter.parse({}) })).length
  expect(reading.isThere).toBe(false)
  expect(await Promise.all([ask(), ask()])).toEqual([1, 1])
  await expect.poll(() => reading.isThere, { timeout: 30_000 }).toBe(false)
  for (let n = 0; n < 10; n++) {
    expect(await ask()).toBe(1)
    await new Promise(resolve => setTimeout(resolve, 14 + n))
  }
  const late = ask()
  await reading.close()
  expect(await late).toBe(1)
  expect(reading.isThere).toBe(false)
  rmSync(folder, { recursive: true, force: true })
})

test('closed while it is searched, the log is one file again: nothing that was erased lies beside it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gh-reading-'))
  const anchor = { read: async () => null, write: async () => {} }
  const audit = await Audit.open({ folder, signing: () => null, anchor, announcer: new Announcer(), redact: t => t })
  for (let n = 1; n <= 6000; n++)
    await audit.append({ kind: 'hub', what: 'x', detail: `word ${n}` }, { durable: false })
  await audit.list({})
  // All rows have yet to be taken into the index for it.
  const found = audit.list({ text: 'word' })
  await new Promise(resolve => setTimeout(resolve, 20))
  await audit.close()
  expect(await found).toHaveLength(200)
  expect(readdirSync(folder).filter(name => name.startsWith('audit.db'))).toEqual(['audit.db'])
  rmSync(folder, { recursive: true, force: true })
})
