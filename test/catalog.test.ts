// The catalog of bundled servers: what it says of each is what the server's own program is, and the command line adds from it.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { type BundledServer, refusedIn } from '../contract/catalog.ts'
import { bundledServers } from '../hub/registry/bundled.ts'
import { FACTS } from '../servers/catalog-facts.ts'
import { checkLaunch } from '../servers/check-launch.ts'
import { COMMON, type SettingsShape } from '../servers/kit/settings.ts'
import { descendants, freshHome, type Home, type RunningHub, root, run, runJson, startHub } from './harness.ts'

let home: Home
let hub: RunningHub
let all: BundledServer[]

beforeAll(async () => {
  home = freshHome()
  hub = await startHub(home)
  all = await runJson<BundledServer[]>(home, ['servers', 'catalog'])
})
afterAll(() => hub?.stop())

const by = (order: readonly string[]) => (a: string, b: string) => order.indexOf(a) - order.indexOf(b)
const commandOf = (pid: number) => spawnSync('ps', ['-o', 'args=', '-p', `${pid}`], { encoding: 'utf8' }).stdout
async function shapeOf(name: string): Promise<SettingsShape> {
  const file = join(root, 'servers', name, 'settings.ts')
  return { ...COMMON, ...(existsSync(file) ? (await import(file)).SETTINGS : {}) }
}
const env = (name: string) => JSON.parse(readFileSync(join(home.data, 'config.json'), 'utf8')).mcpServers[name]

test('none runs, and none is set up, before somebody chooses it; then it waits for its command to be read', async () => {
  expect(await runJson(home, ['servers', 'list'])).toEqual([])
  const [name] = bundledServers
  await run(home, ['servers', 'add', `gatehouse:${name}`])
  const running = descendants(hub.pid).filter(pid => commandOf(pid).includes(join('servers', name!)))
  expect(await runJson(home, ['servers', 'list'])).toMatchObject([{ name, state: 'waiting', tools: 0 }])
  expect(running).toEqual([])
  await run(home, ['servers', 'remove', name!])
})

test('each setting of its program is told, with what it is for, its default, and what is a credential', async () => {
  for (const { name, settings, secrets } of all) {
    const shape = await shapeOf(name)
    const told = Object.keys(shape).filter(setting => setting !== 'KEEP_OUT')
    expect([name, Object.keys(settings).toSorted()]).toEqual([name, told.toSorted()])
    for (const setting of told) {
      const { default: usual, description } = settings[setting]!
      expect([name, setting, description]).toEqual([name, setting, shape[setting]!.description])
      const without = shape[setting]!.safeParse(undefined)
      // A default means what not setting it means.
      expect([name, setting, without]).toEqual([name, setting, shape[setting]!.safeParse(usual)])
    }
    expect(secrets).toEqual(
      told.filter(setting => z.globalRegistry.get(shape[setting]!)?.secret === true).toSorted(by(secrets)),
    )
  }
})

const TEXTS =
  /^(AWS_(PROFILE|ACCESS_KEY_ID)|OAUTH_(CLIENT_ID|SCOPE)|DEPLOY_(PERMISSIONS|GROUPS)|.*_(FILE|FOLDER|TRASH|USER|CONTEXT|PROGRAMS|HOST|NAMESPACE|FIELD)|KUBECONFIG|PROTECTED_\w+|.*_(TOKEN|KEY|SECRET))$/
test.each(bundledServers)('what %s would refuse is named by setting, as it names it itself', async name => {
  const one = all.find(each => each.name === name)!
  const odd = Object.fromEntries(Object.keys(one.settings).map(setting => [setting, 'o, dd']))
  const args = one.folders ? ['/not/there'] : []
  const wrong = checkLaunch(FACTS[name]!, await shapeOf(name), { args, env: odd })
  const ends = spawnSync(process.execPath, [join(root, 'servers', name, 'main.ts'), ...args], {
    env: odd,
    encoding: 'utf8',
  })
  expect([ends.status, ends.stdout]).toEqual([2, ''])
  const { folders, ...settings } = wrong
  expect(refusedIn(one, ends.stderr.split('\n'))).toEqual(settings)
  expect(Object.keys(one.settings).filter(setting => !(setting in settings) && !TEXTS.test(setting))).toEqual([])
  expect(folders).toBe(one.folders ? '/not/there is not a folder.' : undefined)
})

test.each(
  Object.entries(FACTS).flatMap(([name, { along = {} }]) => Object.keys(along).map(setting => [name, setting])),
)('%s with %s alone is refused before its start, as it refuses it itself', async (name, setting) => {
  const env = { [setting]: setting.endsWith('_URL') ? 'https://tokens.test' : 'sk_alone' }
  const wrong = checkLaunch(FACTS[name]!, await shapeOf(name), { args: [], env })
  expect(Object.values(wrong)[0]).toBe(`is needed with ${setting}`)
  const ends = spawnSync(process.execPath, [join(root, 'servers', name, 'main.ts')], { env, encoding: 'utf8' })
  expect([ends.status, Object.keys(refusedIn(all.find(each => each.name === name)!, ends.stderr.split('\n')))]).toEqual(
    [2, expect.arrayContaining([setting])],
  )
})

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
  const wrong = await run(home, ['servers', 'add', 'gatehouse:deployments', '--env', 'DEPLOY_TIME_ZONE=Mars'])
  expect([wrong.code, wrong.stderr]).toEqual([
    1,
    expect.stringContaining('DEPLOY_TIME_ZONE: It is a time zone such as'),
  ])
  const nowhere = await run(home, ['servers', 'add', 'gatehouse:files', '--', join(home.folder, 'nothing')])
  expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringContaining('nothing is not a folder.')])
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
