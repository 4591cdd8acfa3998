// A hub that is kept from its keychain must not be a way to loosen what was accepted before.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { Announcer } from '../announce.ts'
import { openState } from '../store/open.ts'
import { Sealed } from '../store/sealed.ts'
import { PolicyStore } from './policy-store.ts'
import { Proposals } from './proposals.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close()
})

test('what was accepted comes back whole, and what was made stricter meanwhile stays', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-late-'))
  closers.push(() => rmSync(folder, { recursive: true, force: true }))
  const db = openState(folder)
  closers.push(() => db.close())
  let key: Buffer | null = Buffer.alloc(32, 3)
  const open = () => {
    const announcer = new Announcer()
    const sealed = new Sealed(db, () => key)
    announcer.on('vault/changed', () => sealed.rekey({ known: true }))
    const store = PolicyStore.open({ folder, sealed, announcer, proposals: new Proposals({ db, sealed, announcer }) })
    closers.push(() => store.close())
    return { store, announcer }
  }
  const first = open().store
  first.change({ kind: 'add-rule', rule: { effect: 'deny', tool: 'drop_*' } }, 'window', 'w')
  first.change({ kind: 'add-rule', rule: { effect: 'allow', tool: 'read_file' } }, 'window', 'w')
  first.close()
  rmSync(join(folder, 'policy.json'))
  key = null
  const { store, announcer } = open()
  store.change({ kind: 'read-only', on: true }, 'cli', 'cli')
  store.change({ kind: 'add-rule', rule: { effect: 'deny', tool: 'mine' } }, 'cli', 'cli')
  key = Buffer.alloc(32, 3)
  announcer.emit('vault/changed')
  store.close()
  for (const again of [store, open().store]) {
    const { readOnly, rules } = again.current()
    expect(readOnly).toBe(true)
    expect(rules.map(rule => `${rule.effect} ${rule.tool}`).sort()).toEqual(['deny drop_*', 'deny mine'])
  }
})
