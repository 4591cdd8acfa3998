// Credentials: where they come from, what is said without them, and that they stand nowhere.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { type Fault, startTestApi } from '../kit/test-api.ts'
import { type Started, startServer } from '../kit/test-client.ts'
import { Aws } from './aws.ts'
import { KEY_ID, SECRET, startTestAws, type TestAws } from './test-aws.ts'

let aws: TestAws
let home: string
const started: Started[] = []
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'aws-'))
  aws = await startTestAws()
})
afterEach(async () => {
  for (const server of started.splice(0)) await server.client.close()
})
afterAll(async () => {
  await aws?.close()
  rmSync(home, { recursive: true, force: true })
})

async function start(env: Record<string, string>): Promise<Started> {
  const server = await startServer('aws', { HOME: home, AWS_EC2_METADATA_DISABLED: 'true', ...env })
  started.push(server)
  return server
}

test('without credentials or region all tools are listed, and a call says which settings', async () => {
  const bare = await start({})
  expect((await bare.client.listTools()).tools).toHaveLength(8)
  const { data, text } = await bare.call('get_caller_identity')
  expect(data.error.kind).toMatch(/permission_denied|validation_error/)
  expect(text).toContain('AWS_REGION')
  const placed = await start({ AWS_REGION: 'eu-central-1', AWS_ENDPOINT_URL: aws.url })
  const seen = aws.seen.length
  const said = await placed.call('list_s3_buckets')
  expect(said.text).toMatch(/^There are no AWS credentials\..*AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY/)
  expect(aws.seen.length).toBe(seen)
  await expect(start({ AWS_ACCESS_KEY_ID: KEY_ID })).rejects.toThrow()
})

test('the metadata address is asked last, not for long, and not at all when that is switched off', async () => {
  const metadata = await startTestApi(() => ({ status: 404 }))
  const env = { AWS_REGION: 'eu-central-1', AWS_ENDPOINT_URL: aws.url, AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.url }
  const off = await start(env)
  expect((await off.call('list_s3_buckets')).text).toMatch(/^There are no AWS credentials\./)
  expect(metadata.seen).toEqual([])
  metadata.faults.push(...Array<Fault>(20).fill('silence'))
  const on = await start({ ...env, AWS_EC2_METADATA_DISABLED: 'false', CALL_TIMEOUT_MS: '60000' })
  expect((await on.call('list_s3_buckets')).text).toMatch(/^There are no AWS credentials\./)
  expect(metadata.seen.length).toBeGreaterThan(0)
  await metadata.close()
})

test('wrong keys are refused, and stand in no answer and no log', async () => {
  const wrong = 'not-the-secret-but-a-secret-still-0123'
  const server = await start({ ...aws.env, AWS_SECRET_ACCESS_KEY: wrong, LOG_LEVEL: 'debug' })
  for (const tool of ['list_ec2_instances', 'list_s3_buckets']) {
    const { text, data } = await server.call(tool)
    expect([data.error.kind, text]).toEqual([
      'permission_denied',
      expect.stringContaining('does not know these credentials'),
    ])
    expect(JSON.stringify(data) + server.log()).not.toContain(wrong)
  }
})

const runs = () => readFileSync(join(home, 'runs'), 'utf8').trim().split('\n').length

/** A profile with each of these programs; it writes a line into `runs` each time it is started. */
function profiles(programs: Record<string, string>): void {
  const folder = join(home, '.aws')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(home, 'runs'), '')
  const config = Object.entries(programs).map(([name, text]) => {
    const program = join(home, `${name}.sh`)
    writeFileSync(program, `#!/bin/sh\necho run >> '${join(home, 'runs')}'\n${text}\n`)
    chmodSync(program, 0o700)
    return `[profile ${name}]\nregion = eu-west-3\ncredential_process = ${program} --token hunter2-0815\n`
  })
  writeFileSync(join(folder, 'config'), config.join(''))
}
const GOOD = `echo '{"Version":1,"AccessKeyId":"${KEY_ID}","SecretAccessKey":"${SECRET}"}'`

test('a profile gives region and credentials, got once for all services; the keys of the settings come before it', async () => {
  profiles({ work: GOOD })
  const env = { AWS_PROFILE: 'work', AWS_ENDPOINT_URL: aws.url }
  const server = await start(env)
  expect((await server.call('get_caller_identity')).data.region).toBe('eu-west-3')
  expect(aws.seen.at(-1)!.headers.authorization).toContain('/eu-west-3/sts/')
  for (const [tool, args] of [
    ['list_s3_buckets', {}],
    ['list_ec2_instances', {}],
    ['list_ec2_instances', { region: 'us-east-2' }],
  ] as const)
    expect((await server.call(tool, args)).failed).toBe(false)
  expect(runs()).toBe(1)
  const keyed = await start({ ...env, AWS_ACCESS_KEY_ID: KEY_ID, AWS_SECRET_ACCESS_KEY: SECRET })
  expect((await keyed.call('get_caller_identity')).data.region).toBe('eu-west-3')
  expect(runs()).toBe(1)
})

test.each([
  ['fails', 'echo my-secret-0815 >&2; exit 3', 'it ended with code 3'],
  ['writes no JSON', 'echo my-secret-0815', 'it told no credentials'],
])('a credential_process that %s is told in words, and not quoted', async (_, text, words) => {
  profiles({ broken: text })
  const server = await start({ AWS_PROFILE: 'broken', AWS_ENDPOINT_URL: aws.url, LOG_LEVEL: 'debug' })
  const said = await server.call('get_caller_identity')
  expect(said.text).toContain(`The credential_process of the profile did not help: ${words}. Ask the person to run it`)
  expect(JSON.stringify(said) + server.log()).not.toContain('0815')
})

test('a credential_process that hangs is ended, with what it has started, and asked again by the next call', async () => {
  profiles({ slow: `sleep 300 & echo "$$ $!" > '${join(home, 'pids')}'; wait` })
  vi.stubEnv('AWS_PROFILE', 'slow')
  vi.stubEnv('AWS_CONFIG_FILE', join(home, '.aws', 'config'))
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
  const pidsOf = () =>
    (existsSync(join(home, 'pids')) ? readFileSync(join(home, 'pids'), 'utf8').match(/\d+/g) : null)?.map(Number) ?? []
  // Its time is over once it has started all that it starts.
  let hangs = true
  const deadline = () => {
    const over = new AbortController()
    if (!hangs) return over.signal
    void until(() => pidsOf().length === 2).then(() => over.abort())
    return over.signal
  }
  const ours = new Aws({ region: 'eu-west-3', endpoint: aws.url, deadline })
  const { signal } = new AbortController()
  const asked = () => ours.ask('sts:GetCallerIdentity', { signal }, (sts, o) => sts.getCallerIdentity({}, o))
  await expect(asked()).rejects.toThrow('it did not end in time')
  const pids = pidsOf()
  expect(pids).toHaveLength(2)
  await until(() => !pids.some(isAlive))
  hangs = false
  writeFileSync(join(home, 'slow.sh'), `#!/bin/sh\n${GOOD}\n`)
  expect((await asked()).Account).toBe('123456789012')
  vi.unstubAllEnvs()
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
