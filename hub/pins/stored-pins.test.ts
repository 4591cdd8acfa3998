import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openState } from '../store/open.ts'
import { Sealed } from '../store/sealed.ts'
import { StoredPins } from './stored-pins.ts'

test('a pin is of the definition that was agreed to, and of no other', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-pins-'))
  const db = openState(folder)
  try {
    const stored = new StoredPins({ sealed: new Sealed(db, () => Buffer.alloc(32, 1)), redact: text => text })
    const look = { hash: 'h', stored: 'h', text: '{"name":"look"}' }
    stored.put('s', { digest: 'agreed', at: 1, package: null, tools: { look } })
    expect(stored.of({ id: 's', digest: 'agreed' }, new Map())?.tools).toEqual({ look })
    expect(stored.of({ id: 's', digest: 'other' }, new Map())).toBeUndefined()
    expect(['agreed', 'other'].map(digest => stored.isOf({ id: 's', digest }))).toEqual([true, false])
  } finally {
    db.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
