// Tries of clients to get past the gate with what policy allows them.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { fixture, type House, type HouseOptions, openHouse } from './test-house.ts'

let folder: string
let house: House | undefined

afterEach(async () => {
  await house?.close()
  house = undefined
  if (folder) rmSync(folder, { recursive: true, force: true })
})

async function witnessed(options: Partial<HouseOptions> = {}) {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-attack-'))
  const log = join(folder, 'received')
  house = await openHouse({
    servers: { witness: [fixture('gateway/witness.mjs'), log] },
    trust: ['witness'],
    ...options,
  })
  const methods = () =>
    readFileSync(log, 'utf8')
      .split('\n')
      .filter(line => line.includes('tools/call'))
  return { house, calls: methods }
}

test.each([
  ['between the members of a message', (inner: string) => `,"x":\r${inner}\r`],
  ['with a newline beside it', (inner: string) => `,"x":\n\r${inner}\r\n`],
])('a call hidden behind a carriage return %s is no call of its own', async (_, hide) => {
  const { house, calls } = await witnessed()
  const client = house.client()
  await client.initialize()
  const hidden = '{"jsonrpc":"2.0","id":77,"method":"tools/call","params":{"name":"act","arguments":{}}}'
  await client.send(
    `{"jsonrpc":"2.0","id":$ID,"method":"tools/call","params":{"name":"witness_look","arguments":{}}${hide(hidden)}}`,
  )
  await new Promise(resolve => setTimeout(resolve, 200))
  expect(calls().length).toBe(1)
  expect(calls()[0]!.startsWith('{"jsonrpc":"2.0","id"')).toBe(true)
  expect(JSON.parse(calls()[0]!).params.name).toBe('look')
})
