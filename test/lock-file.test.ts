// The lock file must be enough for a clean install on every system: no address, and each optional part of each package.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

interface Locked {
  version?: string
  resolved?: string
  optionalDependencies?: Record<string, string>
}

const { packages } = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package-lock.json'), 'utf8')) as {
  packages: Record<string, Locked>
}

test('no registry is named, and every package has its version', () => {
  const bad = Object.entries(packages).filter(
    ([path, one]) => path !== '' && (one.resolved !== undefined || !one.version),
  )
  expect(bad).toEqual([])
})

test('what a package needs on other systems is locked too, so that npm ci works anywhere', () => {
  const names = new Set(
    Object.keys(packages).map(path => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)),
  )
  const missing = Object.entries(packages).flatMap(([path, one]) =>
    Object.keys(one.optionalDependencies ?? {})
      .filter(name => !names.has(name))
      .map(name => `${path} needs ${name}`),
  )
  expect(missing).toEqual([])
})
