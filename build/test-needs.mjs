// What tests need from the system: installed by its package manager where we are root, else named with the one command.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

export function installed(program) {
  return (process.env.PATH ?? '').split(delimiter).some(folder => existsSync(join(folder, program)))
}

let updated = false
function apt(args) {
  return (
    spawnSync('apt-get', args, {
      stdio: ['ignore', 2, 2],
      // In this runlevel Debian starts no services that a package brings.
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    }).status === 0
  )
}

/** Debian starts a database of its own with the package unless told not to. */
export function noMainCluster() {
  const file = '/etc/postgresql-common/createcluster.conf'
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || existsSync(file)) return
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, 'create_main_cluster = false\n')
}

/** `programs`: any one of them does, or all where `all`. */
export function need(what, programs, packages, all = false) {
  const there = () => (all ? programs.every(installed) : programs.some(installed))
  if (there() || process.platform !== 'linux') return
  const isRoot = process.getuid?.() === 0
  if (isRoot && installed('apt-get')) {
    if (!updated) updated = apt(['update', '-qq'])
    apt(['install', '-y', '-qq', '--no-install-recommends', ...packages])
  }
  if (!there())
    process.stderr.write(
      `gatehouse: ${what} is missing, so its tests are skipped. To run them: sudo apt-get install ${packages.join(' ')}\n`,
    )
}
