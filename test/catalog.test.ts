// The catalog of bundled servers: what it says of each is what the server's own program is, and the command line adds from it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BundledServer } from '../contract/catalog.ts'
import { bundledServers } from '../hub/registry/bundled.ts'
import { freshHome, type Home, type RunningHub, run, runJson, startHub } from './harness.ts'

let home: Home
let hub: RunningHub
let all: BundledServer[]

beforeAll(async () => {
  home = freshHome()
  hub = await startHub(home)
  all = await runJson<BundledServer[]>(home, ['servers', 'catalog'])
}, 60_000)
afterAll(() => hub?.stop())

const env = (name: string) => JSON.parse(readFileSync(join(home.data, 'config.json'), 'utf8')).mcpServers[name]

test('every bundled server is described, with settings that its program has, and an example it offers', () => {
  expect(all.map(one => one.name)).toEqual([...bundledServers])
  for (const one of all) {
    const told = Object.keys(one.settings)
    expect(told).toContain('LOG_LEVEL')
    expect(told).not.toContain('KEEP_OUT')
    for (const name of [...one.needs, ...one.first, ...one.secrets, ...Object.keys(one.given)])
      expect([one.name, told]).toEqual([one.name, expect.arrayContaining([name])])
    expect(readFileSync(join(import.meta.dirname, '..', 'servers', one.name, 'README.md'), 'utf8')).toContain(
      `\`${one.example.tool}(`,
    )
  }
})

test('one is added with its settings; a credential is named, never written; what is missing or unknown is said', async () => {
  const plain = await run(home, ['servers', 'add', 'gatehouse:payments', '--env', 'STRIPE_API_KEY=sk_test_typed'])
  expect([plain.code, plain.stderr]).toEqual([1, expect.stringContaining('gatehouse secrets set STRIPE_API_KEY')])
  const unknown = await run(home, ['servers', 'add', 'gatehouse:payments', '--env', 'STRIPE_KEY=x'])
  expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('has no setting STRIPE_KEY')])
  const none = await run(home, ['servers', 'add', 'gatehouse:nothing'])
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('There is: aws, data')])

  const words = ['servers', 'add', 'gatehouse:payments', '--as', 'shop']
  const added = await run(home, [...words, '--secret', 'STRIPE_API_KEY=SHOP_KEY', '--env', 'MOST_PER_CALL=USD=5'])
  expect([added.code, added.stdout]).toEqual([0, expect.stringContaining('waits for your agreement')])
  expect(env('shop')).toEqual({
    command: 'gatehouse:payments',
    env: { MOST_PER_CALL: 'USD=5', STRIPE_API_KEY: '${secret:SHOP_KEY}' },
  })
  const bare = await run(home, ['servers', 'add', 'gatehouse:kubernetes'])
  expect(bare.code).toBe(0)
  // Names of production are the policy's own matter, which asks.
  expect(env('kubernetes').env).toEqual({ PROTECTED_NAMESPACES: 'kube-system' })
  const lacking = await run(home, ['servers', 'add', 'gatehouse:monitoring'])
  expect(lacking.stderr).toContain('Without PROMETHEUS_URL')
  await run(home, ['servers', 'add', 'gatehouse:files', '--', home.folder, '--allow-writing'])
  expect(env('files')).toEqual({ command: 'gatehouse:files', args: [home.folder, '--allow-writing'] })
})
