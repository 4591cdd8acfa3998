import { expect, test } from 'vitest'
import type { Server, ServerState } from '../../../contract/servers.ts'
import { aside, sentence } from './words.ts'

const server = (name: string, state: ServerState, calls = 0) => ({ name, state, calls: [calls] }) as unknown as Server
const running = (name: string, calls = 0) => server(name, { kind: 'running', pid: 1, since: 0, tools: 1 }, calls)
const down = (name: string) => server(name, { kind: 'crash-looping', starts: 5, because: { what: '' } })
const waiting = (name: string) => server(name, { kind: 'waiting', for: 'agreement', what: '' })
const none = { calls: 0, proposals: 0, clients: [] }

test.each([
  [{ ...none, calls: 2, servers: [down('postgres')] }, 'Two calls wait for you, and postgres is down.'],
  [{ ...none, calls: 1, servers: [] }, 'One call waits for you.'],
  [{ ...none, servers: [waiting('fetch')] }, 'fetch waits for you.'],
  [{ ...none, servers: [down('a'), down('b')] }, 'a and b are down.'],
  [{ ...none, proposals: 1, servers: [] }, 'One change waits for you.'],
  [{ ...none, stopped: true, servers: [server('a', { kind: 'stopped' } as ServerState)] }, 'Everything is stopped.'],
  [
    { ...none, stopped: true, proposals: 1, servers: [down('a')] },
    'One change waits for you, and everything is stopped.',
  ],
  [
    { ...none, servers: [running('a', 400), running('b', 12)] },
    'All quiet. Two servers answer, 412 calls in the last hour.',
  ],
])('%j', (standing, expected) => {
  expect(sentence(standing)).toBe(expected)
})

test('the second line says who answers and who is on the way', () => {
  const servers = [running('a'), server('play', { kind: 'starting', attempt: 1, since: 0 })]
  expect(aside({ ...none, servers })).toBe('One server answers, play is starting.')
})
