// Programs that a kubeconfig names for credentials: run only if allowed, as kubectl does, and gone when nobody waits for them.
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startTestCluster, type TestCluster, TOKEN } from './test-cluster.ts'
import { type Connected, connect, kubeconfig } from './test-connect.ts'

let cluster: TestCluster
let folder: string
const opened: Connected[] = []
beforeEach(async () => {
  cluster = await startTestCluster()
  folder = (await open(null)).folder
})
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
  await cluster.close()
})

async function open(...args: Parameters<typeof connect>): Promise<Connected> {
  const one = await connect(...args)
  opened.push(one)
  return one
}
async function look(place: Connected): Promise<string> {
  const { data, text, failed } = await place.call('get_pods')
  return failed ? text : data.pods.map((one: { name: string }) => one.name).join()
}
const PODS = 'web-1,web-2,web-3'

/** A program of this text, which writes a line into `runs` each time it is started. */
function program(text: string): string {
  const file = join(folder, 'get-token')
  writeFileSync(file, `#!/bin/sh\necho "$KUBERNETES_EXEC_INFO $MORE" >> '${join(folder, 'runs')}'\n${text}\n`)
  chmodSync(file, 0o755)
  return file
}
const runs = () =>
  existsSync(join(folder, 'runs')) ? readFileSync(join(folder, 'runs'), 'utf8').trim().split('\n') : []
function telling(status: object): string {
  return `echo '${JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status })}'`
}
const inUse = (command: string, more = {}) => kubeconfig(cluster.url, { user: { exec: { command, ...more } } })

test('a kubeconfig may run a program only when the person has named it', async () => {
  const command = program(telling({ token: TOKEN }))
  const gcp = { name: 'gcp', config: { 'cmd-path': command, 'expiry-key': '{.a}', 'token-key': '{.b}' } }
  for (const [user, words] of [
    [{ exec: { command, args: [] } }, /wants to run the program .*CREDENTIAL_PROGRAMS/],
    [{ exec: { args: ['x'] } }, /wants to run the program .*CREDENTIAL_PROGRAMS/],
    [{ exec: { command: ['aws'] } }, /wants to run the program .*CREDENTIAL_PROGRAMS/],
    [{ 'auth-provider': gcp }, /by its auth-provider, as kubectl no longer does/],
    [{ exec: { command: 'aws' }, 'auth-provider': gcp }, /by its auth-provider/],
    [{ 'auth-provider': { name: 'oidc', config: { exec: { command } } } }, /by its auth-provider/],
  ] as const) {
    const place = await open(kubeconfig(cluster.url, { user }), { CREDENTIAL_PROGRAMS: 'get-token,aws' })
    expect(await look(place)).toMatch(words)
  }
  expect([runs(), cluster.seen]).toEqual([[], []])
  const trusted = await open(inUse(command), { CREDENTIAL_PROGRAMS: `aws, ${command}` })
  expect([await look(trusted), runs().length]).toEqual([PODS, 1])
})

test('it gets no input and is told what kubectl tells; many calls wait for one run, and its word is kept', async () => {
  const command = program(`cat > /dev/null; sleep 0.2; ${telling({ token: TOKEN })}`)
  const env = [{ name: 'MORE', value: 'of its own' }]
  const place = await open(inUse(command, { env, args: null }), { CREDENTIAL_PROGRAMS: command })
  expect(await Promise.all(Array.from({ length: 5 }, () => look(place)))).toEqual(Array(5).fill(PODS))
  expect(await look(place)).toBe(PODS)
  expect(runs()).toEqual([
    '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false}} of its own',
  ])
})

test('it is asked again when its word is over, or the cluster does not take it', async () => {
  const soon = program(telling({ token: TOKEN, expirationTimestamp: new Date(Date.now() + 1000).toISOString() }))
  const place = await open(inUse(soon), { CREDENTIAL_PROGRAMS: soon })
  expect([await look(place), await look(place), runs().length]).toEqual([PODS, PODS, 2])
  const stale = program(telling({ token: 'old-token-4711' }))
  const other = await open(inUse(stale), { CREDENTIAL_PROGRAMS: stale })
  expect(await look(other)).toContain('does not know these credentials')
  program(telling({ token: TOKEN }))
  expect(await look(other)).toBe(PODS)
})

test.each([
  ['fails', 'echo my-secret-0815 >&2; exit 1', 'it ended with code 1'],
  ['writes no JSON', 'echo my-secret-0815', 'it told no credentials'],
  ['tells nothing of use', telling({ clientCertificateData: 'my-secret-0815' }), 'it told no credentials'],
  ['writes without end', 'yes my-secret-0815', 'it was ended'],
  ['never ends', 'echo my-secret-0815; sleep 300', 'it did not end in 0.5 s'],
])('a program that %s is told in words, and not quoted', async (_, text, words) => {
  const command = program(text)
  const options = { programMs: text.includes('sleep') ? 500 : 20_000 }
  const place = await open(inUse(command), { CREDENTIAL_PROGRAMS: command }, options)
  const said = await look(place)
  expect(said).toContain(`did not help: ${words}. Ask the person to run it by hand`)
  expect(said + place.log.join()).not.toContain('0815')
  expect(cluster.seen).toEqual([])
})

test('a program that is not there', async () => {
  const place = await open(inUse('no-such-program-4711'), { CREDENTIAL_PROGRAMS: 'no-such-program-4711' })
  expect(await look(place)).toContain('it cannot be started')
})

test('a program that hangs ends with the last call that waits for it, and all that it has started', async () => {
  const command = program(`sleep 300 & echo "$$ $!" > '${join(folder, 'pids')}'; wait`)
  const place = await open(inUse(command), { CREDENTIAL_PROGRAMS: command })
  const pids = () =>
    (existsSync(join(folder, 'pids')) ? readFileSync(join(folder, 'pids'), 'utf8').match(/\d+/g) : null)?.map(Number) ??
    []
  const calls = [new AbortController(), new AbortController()]
  const ended = calls.map(({ signal }) =>
    place.client.callTool({ name: 'get_pods' }, { signal }).catch(() => 'taken back'),
  )
  await until(() => pids().length === 2)
  calls[0]!.abort()
  await ended[0]
  expect(pids().filter(isAlive)).toHaveLength(2)
  calls[1]!.abort()
  expect(await Promise.all(ended)).toEqual(['taken back', 'taken back'])
  await until(() => !pids().some(isAlive))
  expect(runs()).toHaveLength(1)
})

async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 600 && !isSo(); tries++) await wait(50)
  expect(isSo()).toBe(true)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // Ended, and not yet collected by its parent.
    return !/^State:\s+Z/m.test(existsSync('/proc') ? readFileSync(`/proc/${pid}/status`, 'utf8') : '')
  } catch {
    return false
  }
}
