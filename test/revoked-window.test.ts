// A window that was revoked decides nothing more, however it clings to its connection.
import { sign } from 'node:crypto'
import { mkdtempSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { proofText } from '../contract/hello.ts'
import { type Hub, openHub } from '../hub/hub.ts'
import { newKey, openWindow } from './window-client.ts'

let hub: Hub | undefined
afterEach(() => hub?.close())

const call = (id: string, path: string, json?: unknown) =>
  JSON.stringify({ i: id, p: { u: path, ...(json === undefined ? {} : { b: { json } }) } })

/** A window over the local socket that never closes its own side. */
async function clinging(data: string, code: string, pin?: string) {
  const { socket: path } = JSON.parse(readFileSync(join(data, 'hub.json'), 'utf8'))
  const socket = connect({ path, allowHalfOpen: true })
  const lines: string[] = []
  let rest = ''
  socket.on('data', chunk => {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop()!
    lines.push(...parts)
  })
  socket.on('error', () => {})
  const line = async (n: number) => {
    await expect.poll(() => lines.length).toBeGreaterThan(n)
    return JSON.parse(lines[n]!)
  }
  const say = (text: string) => socket.write(`${text}\n`)
  say(JSON.stringify({ protocol: 1, version: 'x', role: 'window' }))
  const key = newKey()
  const challenge = await line(1)
  const signature = sign('sha256', Buffer.from(proofText(challenge)), {
    key: key.privateKey,
    dsaEncoding: 'ieee-p1363',
  }).toString('base64url')
  say(
    JSON.stringify({ kind: 'pair', code, publicKey: key.publicKey, name: 'cling', signature, ...(pin ? { pin } : {}) }),
  )
  return { socket, lines, say, verdict: await line(2) }
}

test('what it still says is not heard, and its connection is ended', async () => {
  const data = mkdtempSync(join(tmpdir(), 'revoked-'))
  hub = await openHub({ data })
  const first = await openWindow(await hub.newLink(), { pin: '4711' })
  const evil = await clinging(data, hub.newCode(), '4711')
  expect(evil.verdict.kind).toBe('accepted')
  evil.say(call('1', '/policy/change', { kind: 'read-only', on: true }))
  await expect.poll(() => evil.lines.length).toBe(4)
  await first.call.windows.revoke({ id: evil.verdict.window })
  evil.say(call('2', '/policy/change', { kind: 'read-only', on: false }))
  await new Promise(resolve => setTimeout(resolve, 500))
  evil.socket.destroy()
  expect(evil.lines.length).toBe(4)
  expect((await first.call.policy.get()).readOnly).toBe(true)
  first.close()
})

test('two links asked for at once open one listener', async () => {
  hub = await openHub({ data: mkdtempSync(join(tmpdir(), 'revoked-')) })
  const ports = await Promise.all([hub.newLink(), hub.newLink()].map(async link => new URL(await link).port))
  expect(ports[0]).toBe(ports[1])
})

test('a connection gets ten tries to prove a window, then it is ended', async () => {
  const data = mkdtempSync(join(tmpdir(), 'revoked-'))
  hub = await openHub({ data })
  const { socket: path } = JSON.parse(readFileSync(join(data, 'hub.json'), 'utf8'))
  const socket = connect(path)
  let text = ''
  socket.on('data', chunk => {
    text += chunk
    if (String(chunk).includes('"nonce"')) socket.write('{"kind":"key","window":"win_x","signature":"AAAA"}\n')
  })
  socket.on('error', () => {})
  const closed = new Promise(resolve => socket.once('close', resolve))
  socket.write('{"protocol":1,"version":"x","role":"window"}\n')
  await closed
  expect(text.match(/unknown-key"/g)?.length).toBeGreaterThanOrEqual(10)
  expect(text.match(/"nonce"/g)?.length).toBe(10)
})
