import { expect, test } from 'vitest'
import type { Ending } from './connection.ts'
import { diagnose, type Failure, isHopeless } from './diagnosis.ts'

const failed = (code: string) => Object.assign(new Error(`spawn ${code}`), { code })
const ending = (more: Partial<Ending>): Ending => ({ exitCode: null, signal: null, error: null, ...more })
const failure = (more: Partial<Failure>): Failure => ({
  name: 'notes',
  launch: { command: 'npx', args: ['-y', 'notes', '--key', '${secret:K}'], env: {}, headers: {} },
  ending: ending({ exitCode: 1 }),
  stderr: [],
  wasRunning: false,
  cwdExists: true,
  ...more,
})
const withCommand = (command: string) => ({
  launch: { command, args: [], env: {}, headers: {} },
  ending: ending({ error: failed('ENOENT') }),
})

test.each<[string, Partial<Failure>, RegExp, RegExp | undefined]>([
  [
    'no npx',
    withCommand('npx'),
    /npx was not found\.$/,
    /^Looked for npx in the PATH of your login shell\. Install Node\.js/,
  ],
  ['no uvx', withCommand('uvx'), /uvx was not found/, /Install uv/],
  ['no docker', withCommand('docker'), /docker was not found/, /Install Docker/],
  ['an absolute path', withCommand('/opt/x'), /\/opt\/x was not found/, /There is no file \/opt\/x/],
  ['an unknown bundled name', withCommand('gatehouse:nope'), /gatehouse:nope was not found/, /No server of this name/],
  ['not executable', { ending: ending({ error: failed('EACCES') }) }, /may not be run/, /chmod \+x/],
  [
    'another machine’s program',
    { ending: ending({ error: failed('ENOEXEC') }) },
    /no program for this machine/,
    undefined,
  ],
  [
    'inside a shell',
    { ending: ending({ exitCode: 127 }), stderr: ['sh: 1: jq: not found'] },
    /exit code 127 before it answered/,
    /PATH of your login shell/,
  ],
  [
    'a taken port',
    { stderr: ['Error: listen EADDRINUSE: address already in use :::80'] },
    /exit code 1/,
    /taken by another program/,
  ],
  ['a refused port', { stderr: ['connect ECONNREFUSED 127.0.0.1:5432'] }, /exit code 1/, /could not reach/],
  [
    'no network',
    { stderr: ['npm error network request to https://registry.example failed, reason: getaddrinfo EAI_AGAIN'] },
    /exit code 1/,
    /network/,
  ],
  ['no such package', { stderr: ['npm error code E404'] }, /exit code 1/, /package was not found/],
  ['a missing module', { stderr: ["Error: Cannot find module 'zod'"] }, /exit code 1/, /missing/],
  [
    'no Docker',
    { stderr: ['Cannot connect to the Docker daemon at unix:///var/run/docker.sock'] },
    /exit code 1/,
    /Start Docker/,
  ],
  [
    'a full disk',
    { stderr: ['npm error code ENOSPC', 'no space left on device, write'] },
    /exit code 1/,
    /disk is full/,
  ],
  [
    'an old Node',
    { stderr: ['npm error engine Unsupported engine { node: ">=22" }'] },
    /exit code 1/,
    /another version/,
  ],
  ['no variable', { stderr: ['Error: GITHUB_TOKEN environment variable is required'] }, /exit code 1/, /under env/],
  ['no variable, in Python', { stderr: ["KeyError: 'API_KEY'"] }, /exit code 1/, /under env/],
  ['a broken program', { stderr: ['SyntaxError: Unexpected token'] }, /exit code 1/, /could not be read/],
  ['no python', withCommand('python'), /python was not found/, /Install Python/],
  [
    'a silent download',
    { ending: ending({ error: new Error('it gave no answer and no sign of life for 180 s.') }) },
    /no sign of life/,
    /downloading/,
  ],
  ['a wrong key', { stderr: ['HTTP 401 Unauthorized'] }, /exit code 1/, /Credentials/],
  ['killed', { ending: ending({ signal: 'SIGKILL' }), wasRunning: true }, /was ended by SIGKILL\.$/, /memory/],
  ['no server at all', { ending: ending({ exitCode: 0 }) }, /exit code 0 before it answered/, /stdio/],
  ['nothing known', {}, /exit code 1 before it answered/, undefined],
])('%s', (_, more, what, hint) => {
  const because = diagnose(failure(more))
  expect(because.what).toMatch(what)
  if (hint) expect(because.hint).toMatch(hint)
  else expect(because.hint).toBeUndefined()
})

test('the command is shown as written, and the last 20 lines of stderr with it', () => {
  const because = diagnose(failure({ stderr: Array.from({ length: 50 }, (_, n) => `line ${n}`) }))
  expect(because.command).toBe('npx -y notes --key ${secret:K}')
  expect(because.stderr).toHaveLength(20)
  expect(because.stderr?.at(-1)).toBe('line 49')
})

test.each([
  ['ENOENT', true],
  ['EACCES', true],
  ['EAGAIN', false],
  ['EMFILE', false],
])('%s: hopeless %s', (code, expected) => expect(isHopeless(ending({ error: failed(code) }))).toBe(expected))
