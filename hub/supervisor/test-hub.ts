// For tests: a small hub in a process of its own, to be killed. Folder and servers come as arguments.
import { ask } from './ask.ts'
import { openStage } from './test-stage.ts'

const [folder, ...names] = process.argv.slice(2)
const stage = await openStage({ graceMs: 5_000 }, folder)
stage.supervisor.begin()
const pids: number[] = []
for (const name of names) {
  const id = stage.add(name)
  const state = await stage.supervisor.start(id)
  if (state.kind !== 'running' || state.pid === null) throw new Error(`${name}: ${JSON.stringify(state)}`)
  pids.push(state.pid)
  if (name !== 'grandparent') continue
  const upstream = await stage.supervisor.awake(id)
  const answer = await ask(upstream, 'tools/call', { name: 'act', arguments: {} })
  pids.push((JSON.parse(answer) as { grandchild: number }).grandchild)
}
if (names.includes('normal')) {
  const upstream = await stage.supervisor.awake('normal')
  const far = { name: 'act', arguments: { do: 'spawn', detached: true } }
  pids.push((JSON.parse(await ask(upstream, 'tools/call', far)) as { pid: number }).pid)
}
process.stdout.write(`${JSON.stringify({ pids, sentry: stage.supervisor.sentryPid })}\n`)
setInterval(() => {}, 1_000)
