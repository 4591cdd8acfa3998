// Killed at random points, again and again: no change was executed without its record, and the chain is whole.
import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { exportPieces } from './export.ts'
import { verifyFiles } from './verify-files.ts'

const ROUNDS = 15

test(`killed ${ROUNDS} times while it writes`, { timeout: ROUNDS * 20_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gh-killed-'))
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  writeFileSync(join(folder, 'key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }))
  for (const name of ['anchor', 'executed']) writeFileSync(join(folder, name), '')
  const program = fileURLToPath(new URL('crash-child.ts', import.meta.url))
  const executed = () => readFileSync(join(folder, 'executed'), 'utf8').split('\n').filter(Boolean)
  // As often as it takes on a slow disk: killed before it wrote anything, it shows nothing.
  for (let round = 0; round < ROUNDS || (executed().length <= ROUNDS && round < 10 * ROUNDS); round++) {
    const child = spawn(process.execPath, [program, folder, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    await new Promise(resolve => setTimeout(resolve, Math.random() * 120))
    child.kill('SIGKILL')
    await once(child, 'exit')
    const anchor = readFileSync(join(folder, 'anchor'), 'utf8') || null
    expect(verifyFiles(folder, { anchor, publicKey }).problems).toEqual([])
  }
  const log = [...exportPieces(folder, 'jsonl', null)].join('').trimEnd().split('\n')
  const recorded = new Set(
    log
      .map(line => JSON.parse(line).event)
      .filter(e => e.kind === 'call')
      .map(e => e.correlation),
  )
  expect(executed().length).toBeGreaterThan(ROUNDS)
  expect(executed().filter(one => !recorded.has(one))).toEqual([])
  rmSync(folder, { recursive: true, force: true })
})
