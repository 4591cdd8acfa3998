// `gatehouse doctor`: what works on this machine and what does not.
import { z } from 'zod'
import { Finding } from '../../contract/command-line.ts'
import type { HubStatus } from '../../contract/hub.ts'
import { type Command, CommandError, type Input } from '../command.ts'
import { oneLine, say, sayJson } from '../print.ts'
import { programJson } from '../run-program.ts'

const MARKS = { ok: 'ok     ', warn: 'warn   ', problem: 'PROBLEM' }

export const doctor: Command = {
  synopsis: '',
  help: `Exit code 0 when Gatehouse itself can run. Needs no hub; a running one is asked how its servers are.`,
  async run({ data, json, hubIfAny }) {
    const found = z.array(Finding).parse(await programJson('doctor', ['--data', data]))
    const live = await liveFindings(hubIfAny)
    const findings = [...found.filter(one => !live.some(other => other.id === one.id)), ...live]
    if (json) sayJson(findings)
    else
      for (const { id, level, what, fix } of findings) {
        say(`${MARKS[level]}  ${id}: ${oneLine(what)}`)
        if (fix && level !== 'ok') say(`         ${oneLine(fix)}`)
      }
    const problem = findings.find(finding => finding.level === 'problem')
    if (problem) throw new CommandError(`Gatehouse cannot run here: ${oneLine(problem.what)}`, problem.fix ?? undefined)
    return 0
  },
}

/** The hub, asked over its socket: a pid in a file may be another program's by now. And its servers that are down. */
async function liveFindings(hubIfAny: Input['hubIfAny']): Promise<Finding[]> {
  const hub = await hubIfAny().catch(() => null)
  if (!hub) return [{ id: 'hub', level: 'ok', what: 'No hub is running.', fix: null }]
  const { version, pid, http, audit } = await hub.call.hub.status()
  const running: Finding = { id: 'hub', level: 'ok', what: `Gatehouse ${version} is running (pid ${pid}).`, fix: null }
  const servers = (await hub.call.servers.list()).flatMap(({ name, state }): Finding[] => {
    const id = `server ${name}`
    if (state.kind === 'waiting')
      return [{ id, level: 'warn', what: state.what, fix: 'Open Gatehouse: gatehouse open' }]
    if (state.kind !== 'backing-off' && state.kind !== 'crash-looping') return []
    const { what, hint = `See what it wrote: gatehouse servers logs ${name}` } = state.because
    return [{ id, level: 'warn', what, fix: hint }]
  })
  return [running, ...(audit.writable ? [] : [logFinding(audit)]), ...(http ? [httpFinding(http)] : []), ...servers]
}

function logFinding({ problem }: HubStatus['audit']): Finding {
  const fix = 'Free some disk space. Until then calls that change something are refused.'
  return { id: 'log', level: 'warn', what: problem ?? 'The audit log cannot be written.', fix }
}

function httpFinding({ url, problem }: NonNullable<HubStatus['http']>): Finding {
  if (!problem) return { id: 'http', level: 'ok', what: `Clients connect over HTTP at ${url}.`, fix: null }
  // One sentence says what happened, the rest what to do.
  const [what = problem, ...fix] = problem.split(/(?<=\.) /)
  return { id: 'http', level: 'warn', what, fix: fix.join(' ') || null }
}
