// The log's writing thread ends by itself, as it does out of memory: what waits is refused, what comes after is written and signed.
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Announcer } from '../announce.ts'
import { Audit } from './audit.ts'

const keys = generateKeyPairSync('ed25519')
const folder = mkdtempSync(join(tmpdir(), 'gh-writing-'))
const post = Worker.prototype.postMessage
const threads = new Set<Worker>()
let audit: Audit

beforeEach(async () => {
  Worker.prototype.postMessage = function (this: Worker, ...given: Parameters<typeof post>) {
    threads.add(this)
    return post.apply(this, given)
  }
  let anchor: string | null = null
  audit = await Audit.open({
    folder,
    signing: () => keys,
    anchor: {
      read: async () => anchor,
      write: async text => {
        anchor = text
      },
    },
    announcer: new Announcer(),
    redact: text => text,
  })
})
afterEach(async () => {
  Worker.prototype.postMessage = post
  await audit.close()
  rmSync(folder, { recursive: true, force: true })
})

const changed = (n: number) =>
  audit.append({ kind: 'call', what: 'call/allowed', detail: `change ${n}` }, { durable: true })
const endAll = () => Promise.all([...threads].map(thread => thread.terminate()))

test('a thread that ended is followed by another: many at once, none is lost that was said to be written, and the chain holds', async () => {
  await changed(0)
  await endAll()
  await Promise.all([1, 2, 3, 4, 5].map(changed))
  const written: number[] = [0, 1, 2, 3, 4, 5]
  for (let n = 6; n < 26; n++) {
    const all = [n, n + 100].map(one => changed(one).then(() => written.push(one)))
    const settled = Promise.allSettled(all)
    if (n % 4 === 0) await endAll()
    await settled
  }
  const rows = await audit.list({ kinds: ['call'], limit: 500 })
  const found = rows.map(row => Number(row.event?.detail?.split(' ')[1]))
  expect(new Set(found).size).toBe(found.length)
  expect(found).toEqual(expect.arrayContaining(written))
  const { problems } = await audit.verify()
  expect(problems).toEqual([])
  expect(audit.status()).toMatchObject({ problem: null })
})
