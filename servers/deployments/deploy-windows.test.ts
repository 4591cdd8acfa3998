import { afterEach, expect, test } from 'vitest'
import { EVERYTHING, type Opened, open } from './test-deployments.ts'

const opened: Opened[] = []
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})
async function server(...given: Parameters<typeof open>): Promise<Opened> {
  const one = await open(...given)
  opened.push(one)
  return one
}

test.each([
  ['Monday morning, as it opens', '2026-03-09T10:00:00Z', true],
  ['a minute before', '2026-03-09T09:59:59Z', false],
  ['Thursday, before it closes', '2026-03-12T15:59:59Z', true],
  ['as it closes', '2026-03-12T16:00:00Z', false],
  ['Friday', '2026-03-13T12:00:00Z', false],
  ['Sunday', '2026-03-15T12:00:00Z', false],
])('the window of production: %s', async (_, at, isOpen) => {
  const one = await server(EVERYTHING, { now: Date.parse(at) })
  const wanted = { service: 'ledger', version: '3.1.0', environment: 'production' }
  expect((await one.call('check_deployment_prerequisites', wanted)).data.proceed).toBe(isOpen)
  const started = await one.call('start_deployment', wanted)
  expect(started.failed).toBe(!isOpen)
  if (!isOpen) expect(started.data.error.message).toContain('open Mon-Thu 10:00-16:00 (UTC)')
})

test('the window is on the clock of its place, also where clocks are changed', async () => {
  const berlin = { ...EVERYTHING, DEPLOY_TIME_ZONE: 'Europe/Berlin' }
  const opens = async (at: string, env: Record<string, string> = berlin) => {
    const one = await server(env, { now: Date.parse(at) })
    const { data } = await one.call('check_deployment_prerequisites', {
      service: 'ledger',
      version: '3.1.0',
      environment: 'production',
    })
    return data.proceed || data.issues[0].suggestion
  }
  // The clocks change on Sunday, 29 March 2026.
  expect(await opens('2026-03-26T09:00:00Z')).toBe(true)
  expect(await opens('2026-03-26T08:59:00Z')).toBe('Wait until 2026-03-26T10:00:00.000+01:00.')
  expect(await opens('2026-03-27T09:00:00Z')).toBe('Wait until 2026-03-30T10:00:00.000+02:00.')
  expect(await opens('2026-03-30T08:00:00Z')).toBe(true)
  expect(await opens('2026-03-30T14:00:00Z')).toBe('Wait until 2026-03-31T10:00:00.000+02:00.')
  const two = {
    ...EVERYTHING,
    DEPLOY_WINDOWS: 'production=Sat 00:00-24:00; production=Mon-Tue 08:00-09:30;staging=Mon 00:00-01:00',
  }
  expect(await opens('2026-03-14T23:59:00Z', two)).toBe(true)
  expect(await opens('2026-03-10T09:30:00Z', two)).toBe('Wait until 2026-03-14T00:00:00.000Z.')
  expect(await opens('2026-03-13T12:00:00Z', { ...EVERYTHING, DEPLOY_WINDOWS: 'none' })).toBe(true)
})
