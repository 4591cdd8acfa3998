// What happens without any rule: each kind of call, from a server that is trusted or not, under each preset and switch.
import { expect, test } from 'vitest'
import { type CallFacts, type DecidingPolicy, decide } from './decide.ts'
import { CAREFUL } from './policy-state.ts'

const tool = (name: string, annotations: object = {}, more: object = {}) => ({
  method: 'tools/call',
  tool: name,
  definition: { name, annotations, ...more },
  argumentsText: '{}',
})
const method = (name: string) => ({ method: name, tool: name, definition: null, argumentsText: '{}' })
const READ = { readOnlyHint: true }
const WRITE = { readOnlyHint: false, destructiveHint: false }

const KINDS: Record<string, Omit<CallFacts, 'client' | 'server' | 'held'> & { held?: boolean }> = {
  'marked as read-only': tool('peek', READ),
  'marked as read-only, open world': tool('peek', { ...READ, openWorldHint: true }),
  'marked as writing gently': tool('note', WRITE),
  'the same, open world': tool('note', { ...WRITE, openWorldHint: true }),
  'marked as destructive': tool('note', { destructiveHint: true }),
  'both read-only and destructive': tool('peek', { ...READ, destructiveHint: true }),
  'without any mark': tool('peek'),
  'named write_…, without marks': tool('write_file'),
  'named delete_…, marked read-only': tool('delete_file', READ),
  'described as deleting': tool('tidy', READ, { description: 'Deletes what is old.' }),
  'marked by "true", not true': tool('peek', { readOnlyHint: 'true' }),
  'not in its list': { ...tool('peek'), definition: null },
  'gentle, on a protected value': { ...tool('note', WRITE), argumentsText: '{"namespace":"prod"}' },
  'gentle, outside the folders': { ...tool('note', WRITE), argumentsText: '{"path":"/etc/x"}' },
  'reading outside the folders': { ...tool('peek', READ), argumentsText: '{"path":"/etc/x"}' },
  'reading inside the folders': { ...tool('peek', READ), argumentsText: '{"path":"/code/x"}' },
  'reading, changed since its pin': { ...tool('peek', READ), held: true },
  'resources/read': method('resources/read'),
  'resources/read outside': { ...method('resources/read'), argumentsText: '{"uri":"file:///etc/x"}' },
  ping: method('ping'),
  'a method nobody knows': method('vendor/thing'),
}

const COLUMNS: Record<string, Partial<DecidingPolicy>> = {
  careful: { preset: 'careful' },
  balanced: { preset: 'balanced' },
  'read-only': { preset: 'read-only' },
  custom: { preset: 'custom' },
  switch: { preset: 'balanced', readOnly: true },
  stopped: { preset: 'balanced', stopped: true },
}

// `switch`: Balanced with the read-only switch on. `stopped`: everything stopped.
test('each preset, for each kind of call', () => {
  expect(`\n${table()}\n`).toBe(`
                                             careful   balanced  read-only custom    switch    stopped
marked as read-only               trusted    allow     allow     allow     ask       allow     deny
                                  untrusted  ask       ask       deny      ask       deny      deny
marked as read-only, open world   trusted    allow     allow     allow     ask       allow     deny
                                  untrusted  ask       ask       deny      ask       deny      deny
marked as writing gently          trusted    ask       allow     deny      ask       deny      deny
                                  untrusted  ask       ask       deny      ask       deny      deny
the same, open world              trusted    ask       ask       deny      ask       deny      deny
                                  untrusted  ask       ask       deny      ask       deny      deny
marked as destructive             trusted    ask       ask       deny      ask       deny      deny
                                  untrusted  ask       ask       deny      ask       deny      deny
both read-only and destructive    trusted    ask       ask       deny      ask       deny      deny
                                  untrusted  ask       ask       deny      ask       deny      deny
without any mark                  trusted    ask       ask       deny      ask       deny      deny
                                  untrusted  ask       ask       deny      ask       deny      deny
named write_…, without marks      trusted    ask       ask       deny      ask       deny      deny
                                  untrusted  ask       ask       deny      ask       deny      deny
named delete_…, marked read-only  trusted    ask       ask       deny      ask       deny      deny
                                  untrusted  ask       ask       deny      ask       deny      deny
described as deleting             trusted    ask       ask       deny      ask       deny      deny
                                  untrusted  ask       ask       deny      ask       deny      deny
marked by "true", not true        trusted    ask       ask       deny      ask       deny      deny
                                  untrusted  ask       ask       deny      ask       deny      deny
not in its list                   trusted    ask       ask       deny      ask       deny      deny
                                  untrusted  ask       ask       deny      ask       deny      deny
gentle, on a protected value      trusted    ask       ask       deny      ask       deny      deny
                                  untrusted  ask       ask       deny      ask       deny      deny
gentle, outside the folders       trusted    ask       ask       deny      ask       deny      deny
                                  untrusted  ask       ask       deny      ask       deny      deny
reading outside the folders       trusted    ask       ask       ask       ask       ask       deny
                                  untrusted  ask       ask       deny      ask       deny      deny
reading inside the folders        trusted    allow     allow     allow     ask       allow     deny
                                  untrusted  ask       ask       deny      ask       deny      deny
reading, changed since its pin    trusted    deny      deny      deny      deny      deny      deny
                                  untrusted  deny      deny      deny      deny      deny      deny
resources/read                    trusted    allow     allow     allow     ask       allow     deny
                                  untrusted  allow     allow     allow     ask       allow     deny
resources/read outside            trusted    ask       ask       ask       ask       ask       deny
                                  untrusted  ask       ask       ask       ask       ask       deny
ping                              trusted    allow     allow     allow     allow     allow     allow
                                  untrusted  allow     allow     allow     allow     allow     allow
a method nobody knows             trusted    ask       ask       deny      ask       deny      deny
                                  untrusted  ask       ask       deny      ask       deny      deny
`)
})

function table(): string {
  const line = (...cells: string[]) =>
    cells
      .map((cell, n) => cell.padEnd([34, 11][n] ?? 10))
      .join('')
      .trimEnd()
  const rows = Object.entries(KINDS).flatMap(([name, { held = false, ...call }]) =>
    [true, false].map(trusted => {
      const facts = { ...call, client: 'cursor', server: { id: 's', name: 'files', trusted }, held }
      const effects = Object.values(COLUMNS).map(
        column => decide(facts, { ...CAREFUL, folders: ['/code'], ...column }, 0).effect,
      )
      return line(trusted ? name : '', trusted ? 'trusted' : 'untrusted', ...effects)
    }),
  )
  return [line('', '', ...Object.keys(COLUMNS)), ...rows].join('\n')
}
