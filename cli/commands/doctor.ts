// `gatehouse doctor`: what works on this machine and what does not.
import { z } from 'zod'
import { Finding } from '../../contract/command-line.ts'
import { type Command, CommandError } from '../command.ts'
import { oneLine, say, sayJson } from '../print.ts'
import { programJson } from '../run-program.ts'

const MARKS = { ok: 'ok     ', warn: 'warn   ', problem: 'PROBLEM' }

export const doctor: Command = {
  synopsis: '',
  help: 'Exit code 0 when Gatehouse itself can run. Needs no hub.',
  async run({ data, json }) {
    const findings = z.array(Finding).parse(await programJson('doctor', ['--data', data]))
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
