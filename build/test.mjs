// `npm test` and `npm run test:deep`: all of their own set-up, then vitest in a session with a real keychain.
// Last lines, from the real results: what failed and why, `N skipped: names`, then `N passed, N failed` alone.
// In CI the files of a few failures are run once more, alone: what passes then is named as shaky, for all to see.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { install, pinnedNode, root } from './set-up.mjs'
import { installed, need, noMainCluster } from './test-needs.mjs'
import { failures, passed, readReport, readStrays, skipped, skippedWithoutLeave } from './test-report.mjs'
import { buildWindow } from './window.mjs'

const ci = process.env.CI === 'true'
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

const keychain = installed('gnome-keyring-daemon') && installed('dbus-run-session')
const env = {
  ...process.env,
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

/** Runs vitest with an empty home and a keychain of its own; answers its report's files and errors outside any test. */
function run(name, args) {
  const home = mkdtempSync(join(tmpdir(), 'gatehouse-home-'))
  const report = join(root, '.cache', name)
  mkdirSync(join(root, '.cache'), { recursive: true })
  const stray = report.replace('.json', '-stray.json')
  for (const file of [report, stray]) rmSync(file, { force: true })
  const vitest = [
    pinnedNode(),
    join(root, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--reporter=${join(root, 'build', 'stray-errors.mjs')}`,
    `--outputFile.json=${report}`,
    ...args,
  ]
  const command = keychain
    ? ['dbus-run-session', '--', 'bash', join(root, 'build', 'with-keyring.sh'), ...vitest]
    : vitest
  const stdio = ['ignore', 'inherit', 'inherit']
  const variables = { ...env, HOME: home, GATEHOUSE_STRAY_ERRORS: stray }
  const { status } = spawnSync(command[0], command.slice(1), { cwd: root, stdio, env: variables })
  rmSync(home, { recursive: true, force: true })
  return { status, files: readReport(report), strays: readStrays(stray) }
}

const say = line => process.stdout.write(`${line}\n`)
let { files, strays, status } = run(deep ? 'test-deep.json' : 'test.json', filters)
if (!files) {
  process.stderr.write('gatehouse: the tests did not run to their end; the lines above say why.\n')
  say('0 passed, 1 failed')
  process.exit(1)
}
const first = failures(files)
const again = [...new Set(first.map(failure => failure.file))]
if (ci && again.length > 0 && again.length <= 3) {
  say(`== once more, alone: ${first.map(failure => failure.name).join(' | ')}`)
  const second = run('test-again.json', ['--maxWorkers=1', ...again])
  files = files.map(file => second.files?.find(other => other.name === file.name) ?? file)
  strays = [...strays, ...second.strays]
  status = second.status
}
const failed = failures(files)
for (const { name, why } of failed) say(`FAILED ${name}\n${why}`)
for (const { name, why } of first)
  if (!failed.some(failure => failure.name === name)) say(`SHAKY, passed only alone: ${name}\n${why}`)
for (const why of strays) say(`FAILED outside any test:\n${why}`)
const forbidden = ci ? skippedWithoutLeave(files) : []
for (const name of forbidden) say(`Skipped, and test/may-skip.json does not name it: ${name}`)
const left = skipped(files)
say(`${left.length} skipped${left.length ? `: ${left.join(' | ')}` : ''}`)
const lost = failed.length + strays.length + forbidden.length
say(`${passed(files)} passed, ${lost} failed`)
process.exit(lost > 0 || passed(files) === 0 || status !== 0 ? 1 : 0)
