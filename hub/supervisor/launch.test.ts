import { expect, test } from 'vitest'
import type { Launch } from '../../contract/servers.ts'
import { resolveLaunch, resolveRemote, shownCommand } from './launch.ts'
import { passedOn } from './login-environment.ts'

const launch = (more: Partial<Launch>): Launch => ({ command: 'x', args: [], env: {}, headers: {}, ...more })
const sources = {
  environment: { PATH: '/bin', HOME: '/home/me', EDITOR: 'vi', API: 'from-shell' },
  home: '/home/me',
  data: '/home/me/data',
  // A value that looks like a reference must stay what it is.
  secret: async (name: string) => `<${name} \${home} \${env:API}>`,
}

test('references are resolved once, where they may stand, and everything else stays as written', async () => {
  const { mark, ...resolved } = await resolveLaunch(
    'x',
    launch({
      command: '${home}/bin/x',
      args: ['--dir=${home}/a', '${env:EDITOR}', '$HOME', '${unknown}', '$${home}'],
      cwd: '${home}/w',
      env: { KEY: 'a${secret:ONE}b${secret:TWO}', PATH: '/mine:${env:PATH}' },
    }),
    sources,
  )
  expect(resolved).toEqual({
    command: '/home/me/bin/x',
    args: ['--dir=/home/me/a', 'vi', '$HOME', '${unknown}', '$/home/me'],
    cwd: '/home/me/w',
    env: {
      HOME: '/home/me',
      PATH: '/mine:/bin',
      KEY: 'a<ONE ${home} ${env:API}>b<TWO ${home} ${env:API}>',
      GATEHOUSE_RUN: mark,
    },
  })
  expect(mark).toMatch(/^[0-9a-f]{24}$/)
})

test.each<[string, Partial<Launch>]>([
  ['command', { command: '${secret:ONE}' }],
  ['an argument', { args: ['${secret:ONE}'] }],
  ['cwd', { cwd: '/x/${secret:ONE}' }],
])('a secret in %s is refused before it is read', async (_, more) => {
  const read: string[] = []
  const spying = { ...sources, secret: async (name: string) => `v${read.push(name)}` }
  await expect(resolveLaunch('x', launch(more), spying)).rejects.toMatchObject({ code: 'server/secret-in-argv' })
  expect(read).toEqual([])
})

test('a variable the login shell does not set is named, not taken for empty', async () => {
  await expect(resolveLaunch('x', launch({ env: { A: '${env:MISSING}' } }), sources)).rejects.toMatchObject({
    code: 'server/env-missing',
    message: 'x needs ${env:MISSING}, which your login shell does not set.',
  })
})

test('headers and url of a remote server may hold secrets', async () => {
  const remote = launch({ url: 'https://x.example/${secret:ONE}', headers: { Authorization: 'Bearer ${secret:TWO}' } })
  const { headers } = await resolveRemote('x', remote, { ...sources, secret: async name => name.toLowerCase() })
  expect(headers).toEqual({ Authorization: 'Bearer two' })
})

test('what is shown is as written, quoted for reading', () => {
  expect(shownCommand(launch({ args: ['-y', 'a b', '${home}/c', ''] }))).toBe('x -y "a b" ${home}/c ""')
})

test('a server gets the variables that programs need and no others', () => {
  const environment = {
    PATH: '/bin',
    LC_ALL: 'C',
    XDG_RUNTIME_DIR: '/run',
    https_proxy: 'p',
    NO_PROXY: 'n',
    SSL_CERT_FILE: 'c',
    TMPDIR: '/t',
    AWS_SECRET_ACCESS_KEY: 'no',
    NODE_OPTIONS: 'no',
    LD_PRELOAD: 'no',
    SHELL: '() { :; }',
  }
  expect(Object.keys(passedOn(environment)).toSorted()).toEqual([
    'LC_ALL',
    'NO_PROXY',
    'PATH',
    'SSL_CERT_FILE',
    'TMPDIR',
    'XDG_RUNTIME_DIR',
    'https_proxy',
  ])
})
