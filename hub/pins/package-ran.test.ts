// Which package, image or program ran, read from what the tools that fetched it left on this machine.
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { packageRan } from './package-ran.ts'

let home: string
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'gatehouse-ran-')))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const ran = (command: string, args: string[], env: Record<string, string> = {}) =>
  packageRan({ command, args, env, headers: {} }, home, { PATH: process.env.PATH })

/** As uv 0.9 lays it out: an environment is a link to a folder in its archive. */
function environment(name: string, version: string, o: { at: number; record?: string; cache?: string } = { at: 1 }) {
  const cache = o.cache ?? join(home, '.cache/uv')
  const archive = join(cache, 'archive-v0', `${version}-${o.at}`)
  const info = join(archive, 'lib/python3.13/site-packages', `${name}-${version}.dist-info`)
  mkdirSync(info, { recursive: true })
  writeFileSync(
    join(info, 'RECORD'),
    `../../../bin/x,sha256=${o.at},1\n${name}-${version}.dist-info/RECORD,,\n${o.record ?? `${name}/main.py,sha256=${version},9`}\n`,
  )
  utimesSync(info, o.at, o.at)
  const environments = join(cache, 'environments-v2', 'a1')
  mkdirSync(environments, { recursive: true })
  symlinkSync(archive, join(environments, `${version}-${o.at}`))
  writeFileSync(join(environments, `${version}-${o.at}.lock`), '')
}

test('uvx: the newest environment with the package, whatever stands in it beside the package’s own files', async () => {
  environment('mcp_server_time', '2026.1.1', { at: 100 })
  const first = await ran('uvx', ['mcp-server-time', '--local-timezone=UTC'])
  expect(first).toEqual({ name: 'mcp-server-time', version: '2026.1.1', integrity: expect.stringMatching(/^sha256-/) })
  environment('mcp_server_time', '2026.1.1', { at: 150 })
  expect(await ran('/usr/bin/uvx', ['MCP_server.time'])).toEqual(first)
  environment('mcp_server_time', '2026.2.0', { at: 200 })
  environment('other', '9.0.0', { at: 300 })
  expect(await ran('uv', ['tool', 'run', 'mcp-server-time'])).toMatchObject({ version: '2026.2.0' })
  expect(await ran('uvx', ['--from', 'mcp-server-time[cli]==2026.1.1', 'server'])).toEqual(first)
  environment('mcp_server_time', '2026.2.0', { at: 400, record: 'mcp_server_time/main.py,sha256=other,9' })
  const again = await ran('uvx', ['mcp-server-time'])
  expect(again!.version).toBe('2026.2.0')
  expect(again!.integrity).not.toBe(first!.integrity)
})

test('uvx: another cache that the server is given is looked at; no cache, an address or another package is not told', async () => {
  const cache = join(home, 'elsewhere')
  environment('mcp_server_time', '1.0.0', { at: 1, cache })
  expect(await ran('uvx', ['mcp-server-time'])).toBeNull()
  expect(await ran('uvx', ['mcp-server-time'], { UV_CACHE_DIR: cache })).toMatchObject({ version: '1.0.0' })
  expect(await ran('uvx', ['other'], { UV_CACHE_DIR: cache })).toBeNull()
  expect(await ran('uvx', ['--from', 'git+https://example.org/x', 'x'], { UV_CACHE_DIR: cache })).toBeNull()
})

const DIGEST = 'ab'.repeat(32)

/** Says what docker says of an image, and writes down what it was asked and given. */
function fakeDocker(answer: string, name = 'docker'): string {
  const path = join(home, name)
  writeFileSync(path, `#!/bin/sh\necho "$*" > ${home}/asked\nenv > ${home}/env\n${answer}\n`)
  chmodSync(path, 0o755)
  return path
}

test.runIf(process.platform !== 'win32')(
  'a container: the digest of the image that its own program names',
  async () => {
    const { readFileSync } = await import('node:fs')
    const docker = fakeDocker(`echo sha256:${DIGEST}`)
    const env = { DOCKER_HOST: 'unix:///x', API_KEY: 'hunter2hunter2', DOCKER_CONFIG: '${secret:X}' }
    expect(
      await ran(docker, ['--context', 'far', 'run', '-i', '--rm', '-e', 'API_KEY', 'ghcr.io/acme/files:1.2'], env),
    ).toEqual({
      name: 'ghcr.io/acme/files',
      version: '1.2',
      integrity: `sha256:${DIGEST}`,
    })
    const asked = () => readFileSync(join(home, 'asked'), 'utf8').trim()
    expect(asked()).toBe('--context far image inspect --format {{.Id}} ghcr.io/acme/files:1.2')
    const given = readFileSync(join(home, 'env'), 'utf8')
    expect(given).toContain('DOCKER_HOST=unix:///x')
    expect(given).not.toMatch(/hunter2|API_KEY|secret/)
    expect(await ran(docker, ['run', 'acme/files'])).toMatchObject({ name: 'acme/files', version: 'latest' })
    expect(await ran(docker, ['run', `acme/files@sha256:${DIGEST}`])).toMatchObject({ version: `sha256:${DIGEST}` })
    expect(asked()).toContain(`acme/files@sha256:${DIGEST}`)
  },
)

test.runIf(process.platform !== 'win32').each([
  ['it does not know the image', 'echo "No such image" >&2; exit 1'],
  ['it says something else', 'echo "<none>"'],
])('a container of which nothing can be told: %s', async (_, answer) => {
  expect(await ran(fakeDocker(answer), ['run', 'acme/files'])).toBeNull()
  expect(await ran(join(home, 'podman'), ['run', 'acme/files'])).toBeNull()
})

test('npx, a program that is not there, an address', async () => {
  expect(await ran('npx', ['-y', 'some-server'])).toBeNull()
  expect(await ran(join(home, 'nothing'), [])).toBeNull()
  expect(await packageRan({ url: 'https://example.org', args: [], env: {}, headers: {} }, home, {})).toBeNull()
})
