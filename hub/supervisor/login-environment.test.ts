import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { loginEnvironment } from './login-environment.ts'
import { exists, tempFolder, until } from './test-stage.ts'

let folder: string
beforeEach(() => {
  folder = tempFolder()
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

/** A login shell that does what the text says before its command. */
function shell(text: string): string {
  const path = join(folder, 'shell')
  writeFileSync(path, `#!/bin/sh\n${text}\nwhile [ "$1" != -c ]; do shift; done\neval "$2"\n`)
  chmodSync(path, 0o755)
  return path
}

test('PATH is the login shell’s, whatever its rc files print around it', async () => {
  const path = shell(
    'echo Welcome back; echo "{}"; export PATH="/nvm/bin:$PATH" MINE="two\nlines"; trap "echo bye" EXIT',
  )
  const environment = await loginEnvironment(folder, path)
  expect(environment.PATH).toMatch(/^\/nvm\/bin:/)
  expect(environment.MINE).toBe('two\nlines')
  expect(readFileSync(join(folder, 'login-path'), 'utf8')).toBe(environment.PATH)
  expect(statSync(join(folder, 'login-path')).mode & 0o777).toBe(0o600)
})

test('only PATH is kept on disk', async () => {
  await loginEnvironment(folder, shell('export TOKEN=hush-hush-1234'))
  expect(readFileSync(join(folder, 'login-path'), 'utf8')).not.toContain('hush')
})

test('a shell that hangs is given up in time and ended, and the last PATH it said counts', async () => {
  await loginEnvironment(folder, shell('export PATH="/before:$PATH"'))
  const began = performance.now()
  const environment = await loginEnvironment(folder, shell(`echo $$ > ${folder}/pid; sleep 600`), 1_500)
  expect(performance.now() - began).toBeLessThan(60_000)
  expect(environment.PATH).toMatch(/^\/before:/)
  await until(
    () => exists(Number(readFileSync(join(folder, 'pid'), 'utf8'))),
    there => !there,
  )
})

test.each(['/usr/sbin/nologin', '/bin/false', '/nowhere/shell'])('%s says nothing: our own PATH counts', async path => {
  expect((await loginEnvironment(folder, path, 1_000)).PATH).toBe(process.env.PATH)
  expect(existsSync(join(folder, 'login-path'))).toBe(false)
})

test.each(['/bin/sh', '/bin/bash'])('a real %s answers', async path => {
  const environment = await loginEnvironment(folder, path)
  expect(environment.PATH).toContain('/bin')
  expect(existsSync(join(folder, 'login-path'))).toBe(true)
})

test('what steers Node, the loader or us does not come along', async () => {
  vi.stubEnv('NODE_OPTIONS', '--no-warnings')
  vi.stubEnv('GATEHOUSE_TOKEN', 'hush')
  vi.stubEnv('npm_config_x', '1')
  const environment = await loginEnvironment(folder, shell('export LD_LIBRARY_PATH=/x'))
  expect(Object.keys(environment).filter(name => /^(NODE_OPTIONS|GATEHOUSE_|npm_|LD_)/.test(name))).toEqual([])
})
