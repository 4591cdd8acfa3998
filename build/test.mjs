// `npm test` and `npm run test:deep`: all of their own set-up, then vitest in a session with a real keychain.
// Last lines, from the real results: `N skipped: names`, then `N passed, N failed` alone.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { install, pinnedNode, root } from './set-up.mjs'
import { installed, need, noMainCluster } from './test-needs.mjs'
import { buildWindow } from './window.mjs'

const deep = process.argv.includes('--deep')
const filters = process.argv.slice(2).filter(arg => arg !== '--deep')
install()
buildWindow()
need('ps', ['ps'], ['procps'])
need('chromium', ['chromium', 'chromium-browser', 'google-chrome'], ['chromium'])
need('a keychain', ['gnome-keyring-daemon', 'dbus-run-session'], ['gnome-keyring', 'dbus', 'libsecret-1-0'], true)
noMainCluster()
need('PostgreSQL', ['pg_ctlcluster'], ['postgresql'])
need('Redis', ['redis-server'], ['redis-server'])
need('Prometheus', ['prometheus'], ['prometheus'])
if (deep) need('strace', ['strace'], ['strace'])

const home = mkdtempSync(join(tmpdir(), 'gatehouse-home-'))
const report = join(root, '.cache', deep ? 'test-deep.json' : 'test.json')
mkdirSync(join(root, '.cache'), { recursive: true })
rmSync(report, { force: true })
const vitest = [
  pinnedNode(),
  join(root, 'node_modules', 'vitest', 'vitest.mjs'),
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
  ...filters,
]
const keychain = installed('gnome-keyring-daemon') && installed('dbus-run-session')
const command = keychain
  ? ['dbus-run-session', '--', 'bash', join(root, 'build', 'with-keyring.sh'), ...vitest]
  : vitest
const env = {
  ...process.env,
  HOME: home,
  GATEHOUSE_DEEP: deep ? '1' : '',
  GATEHOUSE_TEST_KEYRING: keychain ? '1' : '',
  // Hundreds of processes of ours are started: without it each strips the types of the same files again.
  NODE_COMPILE_CACHE: join(root, '.cache', 'node'),
}
for (const name of [
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  'XDG_STATE_HOME',
  'XDG_CACHE_HOME',
  'GATEHOUSE_HOME',
  'GATEHOUSE_TOKEN',
  'DISPLAY',
  'WAYLAND_DISPLAY',
])
  delete env[name]
const { status } = spawnSync(command[0], command.slice(1), { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env })
rmSync(home, { recursive: true, force: true })

if (!existsSync(report)) {
  process.stderr.write('gatehouse: the tests did not run to their end; the lines above say why.\n')
  process.stdout.write('0 passed, 1 failed\n')
  process.exit(1)
}
const files = JSON.parse(readFileSync(report, 'utf8')).testResults
const tests = files.flatMap(file => file.assertionResults)
const count = wanted => tests.filter(test => wanted.includes(test.status)).length
const broken = files.filter(
  file => file.status === 'failed' && !file.assertionResults.some(test => test.status === 'failed'),
).length
const skipped = tests
  .filter(test => !['passed', 'failed'].includes(test.status))
  .map(test => test.fullName ?? test.title)
const maySkip = JSON.parse(readFileSync(join(root, 'test', 'may-skip.json'), 'utf8'))
const forbidden =
  process.env.CI === 'true' ? skipped.filter(name => !maySkip.some(allowed => name.includes(allowed))) : []
for (const name of forbidden) process.stdout.write(`Skipped, and test/may-skip.json does not name it: ${name}\n`)
const failed = count(['failed']) + broken + forbidden.length
const passed = count(['passed'])
process.stdout.write(`${skipped.length} skipped${skipped.length ? `: ${skipped.join(' | ')}` : ''}\n`)
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exit(failed > 0 || passed === 0 || status !== 0 ? 1 : 0)
